/// What the upstream answers in a test.
public struct UpstreamAnswer: Sendable {
    public var status: Int
    public var headers: KeyValuePairs<String, String>
    public var body: BodyRuns
    /// How long it takes to the head of the answer.
    public var delay: Duration
    public var ending: Ending
    /// Whether the body's end comes after its last run, alone, as it mostly does in streams.
    public var endsAlone: Bool

    public enum Ending: Sendable {
        case whole
        /// The upstream breaks off after the runs of the body.
        case upstreamBreaks
        /// The client has had enough after the runs of the body.
        case clientLeaves
    }

    public init(
        _ status: Int = 200, headers: KeyValuePairs<String, String> = [:], body: BodyRuns = "",
        delay: Duration = .zero, ending: Ending = .whole, endsAlone: Bool = false
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.delay = delay
        self.ending = ending
        self.endsAlone = endsAlone
    }

    /// No connection can be made: the proxy answers 502.
    public static let unreachable = UpstreamAnswer(0)
}
