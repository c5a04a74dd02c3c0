import Glibc

/// The client's end of a connection within the process that serves one request after another.
final class HeldClient {
    private let descriptor: Int32
    private var unsent: ArraySlice<UInt8> = []
    private var isClosed = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    /// Begins to send, as far as it goes.
    func send(_ bytes: [UInt8]) {
        unsent = bytes[...]
        _ = sendMore()
    }

    var hasSentAll: Bool { unsent.isEmpty }

    /// - Returns: whether something went.
    func sendMore() -> Bool {
        var hasSent = false
        while !unsent.isEmpty, !isClosed {
            let count = unsent.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            hasSent = true
            unsent = unsent.dropFirst(count)
        }
        return hasSent
    }

    /// Reads what has come, which nobody looks at.
    /// - Returns: false when the other end is closed.
    func drain() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { space in
            while !isClosed {
                let count = recv(descriptor, space.baseAddress, space.count, 0)
                if count == space.count { continue }
                return count > 0 || count < 0 && errno == EAGAIN
            }
            return false
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(descriptor)
    }
}
