import Glibc

/// A client that sends exactly what it is told, and reads answers strictly.
final class RawClient {
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private var used = 0
    /// How the proxy ended the connection, once it has.
    private(set) var end: ServerConnection.End?

    init(_ port: UInt16) throws {
        descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure("connect: \(String(cString: strerror(errno)))") }
        // An answer that never comes fails the test instead of hanging it.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    // MARK: - Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure("send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// Sends a request.
    /// - Parameters:
    ///   - line: the method and the target, and the version if it is not 1.1.
    ///   - body: sent with its length.
    func request(_ line: String = "GET /", _ fields: [String] = [], _ body: String? = nil) throws {
        var lines = [line.contains(" HTTP/") ? line : line + " HTTP/1.1", "Host: test"] + fields
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    // MARK: - Receiving

    /// Sends a request and reads its answer.
    func ask(_ line: String = "GET /", _ fields: [String] = [], _ body: String? = nil) throws
        -> SeenAnswer
    {
        try request(line, fields, body)
        return try answer(to: line)
    }

    /// The next answer, as far as it comes.
    func answer(to line: String = "GET /") throws -> SeenAnswer {
        var answer = try head()
        let hasNoBody = line.hasPrefix("HEAD ") || [204, 304].contains(answer.status)
        if hasNoBody || answer.status < 200 {
            answer.isComplete = true
        } else if answer["transfer-encoding"] == ["chunked"] {
            answer.isComplete = try chunks(into: &answer.body)
        } else if let length = answer["content-length"].first.flatMap({ Int($0) }) {
            answer.isComplete = try read(length, into: &answer.body)
        } else {
            answer.body = try remaining()
            answer.isComplete = end == .closed
        }
        return answer
    }

    /// The head of the next answer, with its body still to be read.
    func head() throws -> SeenAnswer {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = try next() else {
                throw Failure("the connection ended in place of a head: \(String(latin1: head))")
            }
            head.append(byte)
        }
        return try SeenAnswer(head: String(latin1: head))
    }

    /// - Returns: false when the connection ended before the last chunk.
    private func chunks(into body: inout [UInt8]) throws -> Bool {
        while let line = try line() {
            guard let size = Int(line, radix: 16) else { throw Failure("no chunk: \(line)") }
            if size == 0 {
                while let line = try self.line() { if line.isEmpty { return true } }
                return false
            }
            guard try read(size, into: &body), let end = try self.line() else { return false }
            guard end.isEmpty else { throw Failure("\(end) in place of a chunk's end") }
        }
        return false
    }

    /// The next chunk's text.
    func chunk() throws -> String {
        guard let line = try line(), let size = Int(line, radix: 16) else {
            throw Failure("no chunk")
        }
        var bytes: [UInt8] = []
        guard try read(size + 2, into: &bytes) else { throw Failure("half a chunk") }
        return String(decoding: bytes.dropLast(2), as: UTF8.self)
    }

    /// - Returns: false when the connection ended before so many bytes.
    func read(_ count: Int, into bytes: inout [UInt8]) throws -> Bool {
        var missing = count
        while missing > 0 {
            guard try fill() else { return false }
            let part = buffer[used...].prefix(missing)
            bytes += part
            used += part.count
            missing -= part.count
        }
        return true
    }

    /// Reads until the proxy ends the connection.
    /// - Returns: what came before that, as text.
    @discardableResult
    func rest() throws -> String {
        String(latin1: try remaining())
    }

    /// The same, as bytes.
    func remaining() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while try fill() {
            bytes += buffer[used...]
            used = buffer.count
        }
        return bytes
    }

    private func line() throws -> String? {
        var line: [UInt8] = []
        while let byte = try next() {
            line.append(byte)
            if line.suffix(2).elementsEqual("\r\n".utf8) { return String(latin1: line.dropLast(2)) }
        }
        return nil
    }

    private func next() throws -> UInt8? {
        guard try fill() else { return nil }
        defer { used += 1 }
        return buffer[used]
    }

    /// - Returns: false when the connection has ended.
    private func fill() throws -> Bool {
        if used < buffer.count { return true }
        guard end == nil else { return false }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        buffer = Array(bytes.prefix(max(count, 0)))
        used = 0
        if count > 0 { return true }
        if count < 0, errno != ECONNRESET {
            throw Failure("recv: \(String(cString: strerror(errno)))")
        }
        end = count == 0 ? .closed : .reset
        return false
    }

    // MARK: - The end

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }
}
