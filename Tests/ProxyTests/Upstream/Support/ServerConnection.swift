import Glibc

/// A scripted server's side of one connection. It reads and writes what it is told, and blocks.
final class ServerConnection: @unchecked Sendable {
    /// In the order in which they were accepted, from 0.
    let number: Int
    /// The client's port; 0 over a unix socket.
    let clientPort: UInt16
    private let received: Watched<[ReceivedRequest]>
    /// -1 when it is closed. Only `disturb` is called from another thread than the script's.
    private let descriptor: Watched<Int32>
    private var buffer: [UInt8] = []
    private var used = 0

    /// How the client ended the connection.
    enum End: Sendable, Equatable {
        case closed, reset
    }

    init(_ descriptor: Int32, number: Int, clientPort: UInt16, received: Watched<[ReceivedRequest]>)
    {
        self.descriptor = Watched(descriptor)
        self.number = number
        self.clientPort = clientPort
        self.received = received
        // A script that waits for what never comes ends, with its thread.
        limit(SO_RCVTIMEO, .seconds(15))
        limit(SO_SNDTIMEO, .seconds(15))
    }

    private func limit(_ option: Int32, _ duration: Duration) {
        var time = timeval(
            tv_sec: Int(duration.nanoseconds / 1_000_000_000),
            tv_usec: Int(duration.nanoseconds % 1_000_000_000 / 1000))
        setsockopt(
            descriptor.current, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: - Receiving

    /// The next request, whole or as far as it came; nil when the client closed before it.
    func request() throws -> ReceivedRequest? {
        guard let request = try head() else { return nil }
        return try body(of: request)
    }

    /// The head of the next request, with its body still to be read.
    func head() throws -> ReceivedRequest? {
        let end = Array("\r\n\r\n".utf8)
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual(end) {
            guard let byte = try next() else {
                if head.isEmpty { return nil }
                throw Failure("the client closed inside a head: \(String(latin1: head))")
            }
            head.append(byte)
        }
        return ReceivedRequest(head: String(latin1: head))
    }

    /// Reads the rest of a request, and puts it on record.
    @discardableResult
    func body(of request: ReceivedRequest) throws -> ReceivedRequest {
        var request = request
        defer { received.change { $0.append(request) } }
        if request["transfer-encoding"] == ["chunked"] {
            request.isComplete = try chunks(into: &request)
        } else if let length = request["content-length"].first.flatMap({ Int($0) }) {
            request.isComplete = try read(length, into: &request.body)
        } else {
            request.isComplete = true
        }
        return request
    }

    private func chunks(into request: inout ReceivedRequest) throws -> Bool {
        while let line = try line() {
            guard let size = Int(line, radix: 16) else { throw Failure("no chunk: \(line)") }
            if size == 0 {
                while let line = try self.line() {
                    if line.isEmpty { return true }
                    request.trailers.append(Field(line: line))
                }
                return false
            }
            guard try read(size, into: &request.body), let end = try self.line() else {
                return false
            }
            guard end.isEmpty else { throw Failure("\(end) in place of a chunk's end") }
        }
        return false
    }

    private func line() throws -> String? {
        var line: [UInt8] = []
        while let byte = try next() {
            line.append(byte)
            if line.suffix(2).elementsEqual([0x0D, 0x0A]) {
                return String(latin1: line.dropLast(2))
            }
        }
        return nil
    }

    /// - Returns: false when the connection ended before so many bytes.
    func read(_ count: Int, into bytes: inout [UInt8]) throws -> Bool {
        var missing = count
        while missing > 0 {
            if used == buffer.count {
                guard try fill() > 0 else { return false }
            }
            let part = buffer[used...].prefix(missing)
            bytes += part
            used += part.count
            missing -= part.count
        }
        return true
    }

    private func next() throws -> UInt8? {
        if used == buffer.count {
            guard try fill() > 0 else { return nil }
        }
        defer { used += 1 }
        return buffer[used]
    }

    private func fill() throws -> Int {
        let space = 64 << 10
        buffer = try [UInt8](unsafeUninitializedCapacity: space) { bytes, count in
            let got = recv(descriptor.current, bytes.baseAddress, space, 0)
            guard got >= 0 else { throw Failure("recv: \(String(cString: strerror(errno)))") }
            count = got
        }
        used = 0
        return buffer.count
    }

    /// What is there now, without waiting for more.
    func present() -> [UInt8] {
        var bytes = Array(buffer[used...])
        used = buffer.count
        var part = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = recv(descriptor.current, &part, part.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return bytes }
            bytes += part[..<count]
        }
    }

    /// Everything until the client ends the connection, in whatever way.
    func rest() -> [UInt8] {
        var bytes = Array(buffer[used...])
        used = buffer.count
        while let count = try? fill(), count > 0 {
            bytes += buffer
            used = buffer.count
        }
        return bytes
    }

    /// Waits until the client ends the connection, and drops what it still sends.
    func end() throws -> End {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor.current, &bytes, bytes.count, 0)
            if count == 0 { return .closed }
            if count < 0 {
                if errno == ECONNRESET { return .reset }
                throw Failure(
                    "the client did not close the connection: \(String(cString: strerror(errno)))")
            }
        }
    }

    // MARK: - Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        let sent = offer(bytes, patience: .seconds(15))
        guard sent == bytes.count else { throw Failure("only \(sent) bytes could be sent") }
    }

    /// Sends as much as the client takes before it takes nothing for a while.
    /// - Returns: how much that was.
    func offer(_ bytes: [UInt8], patience: Duration) -> Int {
        limit(SO_SNDTIMEO, patience)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor.current, $0.baseAddress! + sent, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// An answer with its length.
    func answer(_ body: String = "", status: String = "200 OK", fields: String = "") throws {
        try send(
            "HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    // MARK: - The end

    /// Ends the server's side: the client reads the end of the stream.
    func close() {
        descriptor.change {
            if $0 >= 0 { Glibc.close($0) }
            $0 = -1
        }
    }

    /// Breaks the connection off: the client reads an error.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor.current, SOL_SOCKET, SO_LINGER, &option,
            socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Ends whatever the script waits for. Any thread.
    func disturb() {
        descriptor.change { if $0 >= 0 { shutdown($0, Int32(SHUT_RDWR)) } }
    }
}
