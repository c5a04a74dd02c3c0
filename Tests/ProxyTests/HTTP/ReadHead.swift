import PluginAPI
import Proxy

/// What was read of a message's head, in a form that can be compared.
struct ReadHead: Equatable, CustomStringConvertible {
    var result: ParseResult
    var startLine: [String] = []
    var fields: [String] = []
    var framing = BodyFraming.none
    var keepAlive = true
    var expectsContinue = false
    var contentLength: Int?

    var error: HTTPError? {
        if case .invalid(let error) = result { error } else { nil }
    }

    var isWhole: Bool {
        if case .head = result { true } else { false }
    }

    var description: String { "\(result) \(startLine) \(fields) \(framing)" }

    /// Reads a request that arrives in pieces, which end at `cuts` and at the end.
    static func request(
        _ bytes: [UInt8], cuts: [Int] = [], limits: HeadLimits = HeadLimits()
    ) -> ReadHead {
        let request = Request()
        var parser = RequestParser()
        let result = read(bytes, cuts) { parser.parse($0, into: request, limits: limits) }
        return ReadHead(
            result: result,
            startLine: [
                "\(request.method)", request.methodName, request.target.string, request.path,
                request.query?.string ?? "no query", "1.\(request.minorVersion)",
            ],
            fields: lines(of: request.headers), framing: parser.framing,
            keepAlive: parser.keepAlive, expectsContinue: parser.expectsContinue,
            contentLength: request.contentLength)
    }

    static func request(
        _ text: String, cuts: [Int] = [], limits: HeadLimits = HeadLimits()
    ) -> ReadHead {
        request(Array(text.utf8), cuts: cuts, limits: limits)
    }

    /// Reads an answer that arrives in pieces.
    static func response(
        _ bytes: [UInt8], to method: Method = .get, cuts: [Int] = [],
        limits: HeadLimits = HeadLimits(), acceptsHTTP2: Bool = false
    ) -> ReadHead {
        let response = Response()
        var parser = ResponseParser(acceptsHTTP2StatusLine: acceptsHTTP2)
        let result = read(bytes, cuts) {
            parser.parse($0, into: response, method: method, limits: limits)
        }
        return ReadHead(
            result: result, startLine: ["\(response.status)"], fields: lines(of: response.headers),
            framing: parser.framing, keepAlive: parser.keepAlive,
            contentLength: response.contentLength)
    }

    static func response(
        _ text: String, to method: Method = .get, cuts: [Int] = [],
        limits: HeadLimits = HeadLimits(), acceptsHTTP2: Bool = false
    ) -> ReadHead {
        response(
            Array(text.utf8), to: method, cuts: cuts, limits: limits, acceptsHTTP2: acceptsHTTP2)
    }

    private static func read(
        _ bytes: [UInt8], _ cuts: [Int],
        _ parse: (UnsafeBufferPointer<UInt8>) -> ParseResult
    ) -> ParseResult {
        var result = ParseResult.incomplete
        for end in cuts + [bytes.count] {
            // An array of its own, so that a sanitizer sees a read behind its end.
            result = Array(bytes[..<end]).withUnsafeBufferPointer(parse)
            if result != .incomplete { break }
        }
        return result
    }

    static func lines(of headers: Headers) -> [String] {
        var lines: [String] = []
        headers.forEach { name, value in
            lines.append("\(name.string): \(latin1(value))")
        }
        return lines
    }

    /// Keeps bytes apart that are not UTF-8.
    private static func latin1(_ bytes: Bytes) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
