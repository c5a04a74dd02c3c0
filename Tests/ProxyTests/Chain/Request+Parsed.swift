import PluginAPI

@testable import Proxy

extension Request {
    /// A request as the parser reads it.
    static func parsed(_ line: String, _ fields: [Field] = [], version: String = "HTTP/1.1") throws
        -> Request
    {
        let request = Request()
        try request.parse(line, fields, version: version)
        return request
    }

    func parse(_ line: String, _ fields: [Field], version: String = "HTTP/1.1") throws {
        let head =
            "\(line) \(version)\r\n"
            + fields.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n"
        var parser = RequestParser()
        let result = Array(head.utf8).withUnsafeBufferPointer {
            parser.parse($0, into: self, limits: HeadLimits())
        }
        guard case .head = result else { throw Failure("no request: \(result), \(head)") }
    }
}
