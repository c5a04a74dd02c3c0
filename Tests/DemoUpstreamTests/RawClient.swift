import Foundation
import Glibc

/// A client that sees bytes: it sends what it is told and reads answers by hand.
final class RawClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ address: String) throws {
        let port = try UInt16(address.split(separator: ":").last ?? "").orThrow("a port")
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure("cannot connect to \(address)") }
        // A server that never answers fails the test instead of hanging it.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    // MARK: - Sending

    func send(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure("the connection is closed") }
            bytes = bytes.dropFirst(count)
        }
    }

    func request(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil
    ) throws {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: demo"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    // MARK: - Receiving

    func answer(to method: String = "GET") throws -> RawAnswer {
        var answer = try head()
        if method == "HEAD" || answer.status == 204 || answer.status == 304 { return answer }
        if answer["transfer-encoding"] == "chunked" {
            while let chunk = try chunk() { answer.chunks.append(chunk) }
            answer.body = answer.chunks.joined()
        } else if let length = answer["content-length"].flatMap({ Int($0) }) {
            answer.body = String(decoding: try bytes(length), as: UTF8.self)
        } else {
            answer.body = try untilClose()
        }
        return answer
    }

    func head() throws -> RawAnswer {
        let parts = try line().split(separator: " ", maxSplits: 2).map(String.init)
        var answer = RawAnswer(
            version: parts[0], status: try Int(parts[1]).orThrow("a status"))
        while true {
            let line = try line()
            if line.isEmpty { return answer }
            let parts = line.split(separator: ":", maxSplits: 1).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            answer.headers.append((parts[0], parts.count > 1 ? parts[1] : ""))
        }
    }

    /// The next chunk's data; nil at the last chunk.
    func chunk() throws -> String? {
        let size = try Int(try line(), radix: 16).orThrow("a chunk's size")
        let data = String(decoding: try bytes(size), as: UTF8.self)
        guard try line().isEmpty else { throw Failure("no CRLF after a chunk") }
        return size == 0 ? nil : data
    }

    /// What comes until the server closes the connection in order.
    func untilClose() throws -> String {
        while try fill() {}
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                guard end > 0, buffer[end - 1] == UInt8(ascii: "\r") else {
                    throw Failure("a line without CRLF")
                }
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<(end - 1)], as: UTF8.self)
            }
            guard try fill() else { throw Failure("the connection closed inside a line") }
        }
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try fill() else { throw Failure("the connection closed inside a body") }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// False at the end of the stream; throws when the connection was reset, or nothing came in time.
    private func fill() throws -> Bool {
        let part = try [UInt8](unsafeUninitializedCapacity: 64 * 1024) { free, count in
            let received = recv(descriptor, free.baseAddress, free.count, 0)
            guard received >= 0 else { throw Failure(String(cString: strerror(errno))) }
            count = received
        }
        buffer += part
        return !part.isEmpty
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Optional {
    func orThrow(_ expected: String) throws -> Wrapped {
        guard let self else { throw Failure("expected \(expected)") }
        return self
    }
}
