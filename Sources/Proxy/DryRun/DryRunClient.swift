import Glibc

/// The client's end of a connection within the process.
final class DryRunClient {
    private var descriptor: Int32
    private var unsent: ArraySlice<UInt8>
    private(set) var received: [UInt8] = []
    private var hasEnded = false

    init(_ descriptor: Int32, sending bytes: [UInt8]) {
        self.descriptor = descriptor
        unsent = bytes[...]
        exchange()
    }

    /// Whether there is the head of an answer, or none will come.
    var hasAnswer: Bool { hasEnded || !received.isEmpty }

    /// Sends and receives as much as goes at once.
    func exchange() {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            unsent = unsent.dropFirst(count)
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !hasEnded {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                received += buffer[..<count]
            } else {
                if count == 0 || errno != EAGAIN { hasEnded = true }
                break
            }
        }
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
