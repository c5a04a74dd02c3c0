import PluginAPI

/// Takes what records are to include of the bodies, while they pass.
struct RecordedBodies: Sendable {
    /// Both bodies of one exchange.
    final class Pair {
        let request = CapturedBody()
        let response = CapturedBody()
    }

    let hasRequest: Bool
    let hasResponse: Bool
    private let limit: Int
    private let secrets: SecretMembers
    /// An instance's own: there may be two loggers in a chain.
    private let fact = Fact<Pair>("activity_bodies")
    private let spare = Spare()

    /// Unchecked: each is in use by one exchange at most.
    private final class Spare: @unchecked Sendable {
        let pairs = Locked<[Pair]>([])
    }

    /// So many stay ready. In a busy moment there may be as many as there are exchanges.
    private static let keptPairs = 256

    /// Nil where none is asked for.
    init?(_ settings: BodySettings) {
        guard settings.request || settings.response else { return nil }
        hasRequest = settings.request
        hasResponse = settings.response
        limit = settings.limit.bytes
        secrets = SecretMembers(settings.redact)
    }

    /// How long they make a line, as a rule.
    var lineLength: Int { (hasRequest ? limit : 0) + (hasResponse ? limit : 0) }

    // MARK: While they pass

    func takeRequest(_ bytes: Span<UInt8>, isLast: Bool, of exchange: Exchange) {
        if Self.isEncoded(exchange.request.headers) { return }
        pair(of: exchange).request.append(bytes, isLast: isLast, limit: limit)
    }

    func takeResponse(_ bytes: Span<UInt8>, isLast: Bool, of exchange: Exchange) {
        if Self.isEncoded(exchange.response.headers) { return }
        pair(of: exchange).response.append(bytes, isLast: isLast, limit: limit)
    }

    /// What is compressed is no text, and no member would be found in it.
    private static func isEncoded(_ headers: Headers) -> Bool {
        guard let coding = headers["content-encoding"] else { return false }
        return !coding.equalsIgnoringCase("identity")
    }

    private func pair(of exchange: Exchange) -> Pair {
        if let pair = exchange[fact] { return pair }
        let pair = spare.pairs.withLock { $0.popLast() } ?? Pair()
        exchange[fact] = pair
        return pair
    }

    // MARK: In the record

    /// The last members of its object. Once, when the exchange has completed.
    func append(_ exchange: Exchange, to line: JSONBuffer) {
        let pair = exchange[fact]
        if hasRequest {
            line.append(",\"request_body\":")
            append(pair?.request, to: line)
            line.append(",\"request_body_truncated\":")
            line.append(pair?.request.isTruncated == true ? "true" : "false")
        }
        if hasResponse {
            line.append(",\"response_body\":")
            append(pair?.response, to: line)
            line.append(",\"response_body_truncated\":")
            line.append(pair?.response.isTruncated == true ? "true" : "false")
        }
    }

    private func append(_ body: CapturedBody?, to line: JSONBuffer) {
        guard let body, !body.isEmpty else { return line.append("null") }
        line.append("\"")
        secrets.append(body.text, to: line)
        line.append("\"")
    }

    /// Takes the memory back, whether there was a record or not.
    func release(_ exchange: Exchange) {
        guard let pair = exchange[fact] else { return }
        exchange[fact] = nil
        pair.request.reset(keepingAtMost: limit)
        pair.response.reset(keepingAtMost: limit)
        spare.pairs.withLock { if $0.count < Self.keptPairs { $0.append(pair) } }
    }
}
