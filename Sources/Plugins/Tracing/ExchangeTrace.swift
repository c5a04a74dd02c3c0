import PluginAPI

/// What is traced of one exchange that is sampled.
final class ExchangeTrace: ExchangeObserver {
    /// One attempt at the upstream.
    struct Attempt {
        let span: UInt64
        let target: AttemptTarget
        let start: MonotonicTime
        var end: MonotonicTime?
        var result: AttemptResult?
    }

    /// A hook that took its time.
    struct SlowHook {
        let span: UInt64
        let plugin: String
        let phase: Phase
        let start: MonotonicTime
        let end: MonotonicTime
    }

    /// The exchange's own place: the parent of everything in it.
    let place: TraceParent
    /// The span that the client's side is in; nil where the trace begins here.
    let parent: UInt64?
    /// The host and the port that the client asked for.
    let host: String?
    private(set) var attempts: [Attempt] = []
    private(set) var slowHooks: [SlowHook] = []
    /// How many slow hooks there were beyond the bound.
    private(set) var unshownHooks = 0

    private let time: any TimeSource
    private let slowness: Int64
    private let marksAttempts: Bool

    /// The runs of a long body may each be slow: so many are shown.
    static let hookBound = 64

    /// - Parameters:
    ///   - slowness: how long a hook takes that is shown, in nanoseconds.
    ///   - marksAttempts: whether upstreams are told which attempt theirs is.
    init(
        _ place: TraceParent, parent: UInt64?, host: String?, time: any TimeSource, slowness: Int64,
        marksAttempts: Bool
    ) {
        self.place = place
        self.parent = parent
        self.host = host
        self.time = time
        self.slowness = slowness
        self.marksAttempts = marksAttempts
    }

    func hookEnded(_ exchange: Exchange, _ plugin: String, _ phase: Phase, nanoseconds: Int64) {
        guard nanoseconds >= slowness else { return }
        guard slowHooks.count < Self.hookBound else { return unshownHooks += 1 }
        let end = time.monotonic
        slowHooks.append(
            SlowHook(
                span: Self.makeSpan(), plugin: plugin, phase: phase,
                start: end.advanced(byNanoseconds: -nanoseconds), end: end))
    }

    func attemptBegins(_ exchange: Exchange, to target: AttemptTarget) {
        var place = place
        place.span = Self.makeSpan()
        attempts.append(Attempt(span: place.span, target: target, start: time.monotonic))
        if marksAttempts { place.set(in: exchange.request.headers) }
    }

    func attemptEnded(_ exchange: Exchange, _ result: AttemptResult) {
        guard !attempts.isEmpty else { return }
        attempts[attempts.count - 1].end = time.monotonic
        attempts[attempts.count - 1].result = result
    }

    private static func makeSpan() -> UInt64 {
        let (word, other) = RandomWords.pair()
        return word == 0 ? other | 1 : word
    }
}
