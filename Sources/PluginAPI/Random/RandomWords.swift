import Glibc

/// Random numbers from the kernel, for identifiers that nobody may guess. Any thread.
package enum RandomWords {
    private static let pool = Locked(Pool())

    package static func pair() -> (UInt64, UInt64) {
        pool.withLock { ($0.next(), $0.next()) }
    }

    package static func triple() -> (UInt64, UInt64, UInt64) {
        pool.withLock { ($0.next(), $0.next(), $0.next()) }
    }

    /// They are fetched for several identifiers at once: a call for each would cost more than all the rest of
    /// making it.
    private struct Pool {
        // 256 bytes is the most that one call gives.
        private var words = [UInt64](repeating: 0, count: 32)
        private var used = 32

        mutating func next() -> UInt64 {
            if used == words.count {
                let status = words.withUnsafeMutableBytes {
                    getentropy($0.baseAddress!, $0.count)
                }
                precondition(status == 0, "the kernel gives no random numbers")
                used = 0
            }
            used += 1
            return words[used - 1]
        }
    }
}
