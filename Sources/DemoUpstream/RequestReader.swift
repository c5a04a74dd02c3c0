/// Reads requests from a connection, strictly: what a careful HTTP/1.1 server would refuse is refused, so
/// that a proxy in front that forwards something odd is found out. It shares no code with the proxy.
final class RequestReader {
    /// The body as far as it was kept, and its full length in bytes.
    struct Body {
        var bytes: [UInt8] = []
        var length = 0
        var trailers: [RequestHead.Field] = []
    }

    private static let headLimit = 64 * 1024

    private let socket: Socket
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    private var unread = 0..<0

    init(_ socket: Socket) {
        self.socket = socket
    }

    /// The next request's head; nil when the client closed the connection between two requests.
    func head() throws -> RequestHead? {
        guard try fill() else { return nil }
        var budget = Self.headLimit
        var line = try self.line(&budget)
        // RFC 9112 §2.2: one empty line before a request is skipped.
        if line.isEmpty { line = try self.line(&budget) }

        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isToken, !parts[1].isEmpty else {
            throw ProtocolViolation(
                "request line: expected METHOD TARGET VERSION, found \(line.debugDescription)")
        }
        guard parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else {
            throw ProtocolViolation(
                "request line: expected HTTP/1.1 or HTTP/1.0, found \(parts[2].debugDescription)",
                status: parts[2].hasPrefix("HTTP/") ? 505 : 400)
        }
        let minorVersion = parts[2] == "HTTP/1.1" ? 1 : 0
        let fields = try self.fields(&budget)
        let hosts = fields.count { $0.name.lowercased() == "host" }
        guard hosts == 1 || (hosts == 0 && minorVersion == 0) else {
            throw ProtocolViolation("Host: expected one field, found \(hosts)")
        }
        return RequestHead(
            method: String(parts[0]), target: String(parts[1]), minorVersion: minorVersion,
            fields: fields, framing: try Self.framing(fields, minorVersion: minorVersion))
    }

    /// Reads the body to its end and keeps it when `keeping` is not nil: then a body of more bytes than that
    /// is refused with 413.
    func body(_ framing: BodyFraming, keeping limit: Int?) throws -> Body {
        var body = Body()
        switch framing {
        case .none: break
        case .length(let length): try read(length, into: &body, keeping: limit)
        case .chunked:
            while true {
                let size = try chunkSize()
                if size == 0 { break }
                try read(size, into: &body, keeping: limit)
                var budget = 4096
                guard try line(&budget).isEmpty else {
                    throw ProtocolViolation("chunked body: expected CRLF after a chunk's data")
                }
            }
            var budget = Self.headLimit
            body.trailers = try fields(&budget)
        }
        return body
    }

    // MARK: - Parts

    private static func framing(
        _ fields: [RequestHead.Field], minorVersion: Int
    ) throws -> BodyFraming {
        func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name }.map(\.value)
        }
        let codings = values("transfer-encoding")
        let lengths = values("content-length")
        if !codings.isEmpty {
            // RFC 9112 §6.1: either of these is how requests are smuggled.
            guard lengths.isEmpty else {
                throw ProtocolViolation("both Transfer-Encoding and Content-Length")
            }
            guard minorVersion >= 1 else {
                throw ProtocolViolation("Transfer-Encoding in an HTTP/1.0 request")
            }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw ProtocolViolation(
                    "Transfer-Encoding: expected chunked, found \(codings)", status: 501)
            }
            return .chunked
        }
        guard let length = lengths.first else { return .none }
        guard lengths.count == 1, length.allSatisfy(\.isASCIIDigit), let count = Int(length) else {
            throw ProtocolViolation("Content-Length: expected one number, found \(lengths)")
        }
        return .length(count)
    }

    private func fields(_ budget: inout Int) throws -> [RequestHead.Field] {
        var fields: [RequestHead.Field] = []
        while true {
            let line = try self.line(&budget)
            if line.isEmpty { return fields }
            guard let colon = line.firstIndex(of: ":"), line[..<colon].isToken else {
                throw ProtocolViolation(
                    "header field: expected NAME: VALUE, found \(line.debugDescription)")
            }
            fields.append(
                .init(
                    name: String(line[..<colon]),
                    value: String(line[line.index(after: colon)...].trimmingBlanks())))
        }
    }

    private func chunkSize() throws -> Int {
        var budget = 4096
        let line = try self.line(&budget)
        let digits = line.prefix { $0 != ";" }.trimmingBlanks()
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
            let size = Int(digits, radix: 16)
        else {
            throw ProtocolViolation(
                "chunked body: expected a chunk's size in hex, found \(line.debugDescription)")
        }
        return size
    }

    // MARK: - Bytes

    /// One line without its CRLF, its bytes taken from `budget`.
    private func line(_ budget: inout Int) throws -> String {
        var text = String.UnicodeScalarView()
        while true {
            guard try fill() else { throw ClientLeft() }
            for index in unread {
                budget -= 1
                guard budget >= 0 else {
                    throw ProtocolViolation("the request's head is too long", status: 431)
                }
                let byte = buffer[index]
                guard byte == UInt8(ascii: "\n") else {
                    text.append(Unicode.Scalar(byte))
                    continue
                }
                unread = (index + 1)..<unread.upperBound
                guard text.popLast() == "\r" else {
                    throw ProtocolViolation("a line ends in LF without CR")
                }
                guard !text.contains(where: { $0 == "\r" || $0 == "\0" }) else {
                    throw ProtocolViolation("a line contains CR or NUL")
                }
                return String(text)
            }
            unread = 0..<0
        }
    }

    private func read(_ count: Int, into body: inout Body, keeping limit: Int?) throws {
        if let limit, count > limit - body.bytes.count {
            throw ProtocolViolation("the body has more than \(limit) bytes", status: 413)
        }
        var left = count
        while left > 0 {
            guard try fill() else { throw ClientLeft() }
            let taken = min(left, unread.count)
            if limit != nil {
                body.bytes += buffer[unread.prefix(taken)]
            }
            unread = unread.dropFirst(taken)
            left -= taken
        }
        body.length += count
    }

    /// Makes sure that something is unread; false at the end of the stream.
    private func fill() throws -> Bool {
        if !unread.isEmpty { return true }
        let count = try buffer.withUnsafeMutableBytes { try socket.receive(into: $0) }
        unread = 0..<count
        return count > 0
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension StringProtocol {
    /// A token of RFC 9110 §5.6.2, as methods and field names are.
    fileprivate var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
