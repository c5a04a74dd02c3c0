/// How one request wants to be treated, told by its header fields `x-demo-NAME` or its query parameters
/// `NAME`; the header field wins.
struct Knobs {
    /// `latency`: the time before the answer's first byte, such as `20ms` or `1s`. At most 24h.
    var latency: Duration = .zero

    /// `chunk-gap`: the time between two events of a stream. At most 24h.
    var chunkGap: Duration = .zero

    /// `chunks`: the pieces that the reply's text comes in, each an event of a stream. 0 to 1,000,000.
    var chunks: Int?

    /// `error-rate`: the share of requests that are answered 500, from 0 to 1.
    var errorRate = 0.0

    /// `status`: the answer's status, 200 to 599. From 400 on the answer is an error.
    var status: Int?

    /// `abort-after`: the pieces of text after which a stream's connection is dropped. Any other answer is
    /// dropped in the middle of its body, whatever the number.
    var abortAfter: Int?

    init() {}

    init(_ head: RequestHead) throws(APIError) {
        let query = Self.parameters(head.query)
        func value<Value>(
            _ name: String, _ expected: String, _ parse: (String) -> Value?
        ) throws(APIError) -> Value? {
            let header = "x-demo-\(name)"
            let isHeader = !head.values(of: header).isEmpty
            guard let text = head.values(of: header).last ?? query[name] else { return nil }
            guard let value = parse(text) else {
                throw .invalid(
                    "\(isHeader ? header : name): expected \(expected), found \"\(text)\"",
                    parameter: isHeader ? header : name)
            }
            return value
        }
        func count(_ range: ClosedRange<Int>) -> (String) -> Int? {
            { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
        }

        let duration = "a duration up to 24h such as 20ms or 1s"
        latency = try value("latency", duration, Self.duration) ?? .zero
        chunkGap = try value("chunk-gap", duration, Self.duration) ?? .zero
        chunks = try value("chunks", "a count up to 1000000", count(0...1_000_000))
        errorRate =
            try value("error-rate", "a share from 0 to 1") { text in
                Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
            } ?? 0
        status = try value("status", "a status from 200 to 599", count(200...599))
        abortAfter = try value("abort-after", "a count up to 1000000", count(0...1_000_000))
    }

    /// The error to answer with, by ``status`` or by the draw for ``errorRate``.
    func drawError() -> APIError? {
        if let status, status >= 400 { return .forced(status) }
        return Double.random(in: 0..<1) < errorRate ? .forced(500) : nil
    }

    private static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), count <= 86_400_000 else { return nil }
        let duration: Duration? =
            switch text.dropFirst(digits.count) {
            case "ms": .milliseconds(count)
            case "s": .seconds(count)
            case "m": .seconds(60 * count)
            case "h": .seconds(3600 * count)
            default: nil
            }
        return duration.flatMap { $0 <= .seconds(86_400) ? $0 : nil }
    }

    private static func parameters(_ query: Substring?) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in query?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { parameters[String(parts[0])] = String(parts[1]) }
        }
        return parameters
    }
}
