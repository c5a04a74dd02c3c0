/// A filter: what an operator names in plugins.json.
///
/// One instance is made for each entry of plugins.json and is shared by all event loops, so its own
/// state must be safe to use from several threads (hence `Sendable`). A plugin takes part in an
/// exchange by conforming to the phases below, in the order in which they run:
///
///     RequestPhase         the head has arrived; decide: proceed, refuse, answer
///     SharedStatePhase     the same, by an atomic step on shared state, such as a counter
///     AsyncRequestPhase    the same, for a plugin that has to wait for something
///     WholeRequestPhase    the same, with the whole body, up to the plugin's own bound
///     RequestBodyPhase     each run of body bytes on its way to the upstream
///     ResponseHeadPhase    the upstream's head has arrived        (chain runs last to first)
///     ResponseBodyPhase    each run of body bytes to the client   (chain runs last to first)
///     CompletedPhase       exactly once, whatever happened        (last to first, writers before readers)
///     PeriodicPhase        beside all exchanges, every so often
///
/// The chain's lists are built once from these conformances: a phase that a plugin does not take
/// part in costs it nothing. A hook that throws ends that request with a 500, logged with the
/// plugin's label; it never ends the process.
public protocol Plugin: Sendable {
    associatedtype Configuration: PluginConfiguration

    /// The name in plugins.json: lower-case words joined by hyphens, such as `ip-limiter`.
    static var name: String { get }

    /// What it does, in one sentence, for `sluice plugins` and the documentation.
    static var summary: String { get }

    /// The facts it reads, if they are known, from its first phase on; `Facts.x.whenCompleted` is read
    /// in the completed phase, `Facts.x.required` is what an instance that uses it is of no use without.
    /// `sluice check` warns of a chain in which a fact is written after it is read, or a required one never.
    static var reads: [any FactDeclaration] { get }

    /// The facts it writes; with `whenCompleted`, not before the completed phase.
    static var writes: [any FactDeclaration] { get }

    /// Where it has to stand, whatever its facts are.
    static var placement: Placement { get }

    /// Makes the instance from a checked configuration.
    ///
    /// It may read files but starts nothing and writes nothing: `sluice check` makes instances too.
    /// - Throws: `ConfigurationError` to point at the setting that is wrong.
    init(_ configuration: Configuration, _ setup: Setup) throws

    /// Whether this instance, as it is configured, takes part in a phase that its type conforms to. Asked
    /// once; a phase that it does not take part in costs nothing.
    func takesPart(in phase: Phase) -> Bool

    /// Whether this instance, as it is configured, reads a fact that its type declares to. `sluice check`
    /// asks, so as not to warn of an order that does not matter.
    func uses(_ fact: any FactDeclaration) -> Bool

    /// What this instance, as it is configured, needs of a request to decide about it, or to learn the facts
    /// that it writes. All of it, unless the plugin says otherwise; empty for one that goes by method, path,
    /// address and facts alone; nil for one that refuses nothing and writes no facts.
    ///
    /// `sluice replay` asks: an activity record has neither fields nor bodies, so a plugin that needs them is
    /// not asked about records, and its recorded decisions stand.
    var decidesBy: RequestParts? { get }

    /// Opens what the instance needs to run (files, threads). Called once, before its first request.
    /// An error refuses the configuration.
    func start() throws

    /// What operators are shown of the instance on the admin listener's `/plugins`, beside what the
    /// proxy counts of every plugin: `{"keys": 1204}`. No secret. Any thread.
    var state: JSONValue { get }

    /// Opens files anew after they have been renamed (SIGHUP). Any thread.
    func reopen()

    /// Writes out and closes what `start` opened. Called once, after its last request has completed.
    func stop()
}

extension Plugin {
    public static var summary: String { "" }
    public static var reads: [any FactDeclaration] { [] }
    public static var writes: [any FactDeclaration] { [] }
    public static var placement: Placement { [] }
    public var state: JSONValue { .null }
    public func takesPart(in phase: Phase) -> Bool { true }
    public func uses(_ fact: any FactDeclaration) -> Bool { true }
    public var decidesBy: RequestParts? { .all }
    public func start() throws {}
    public func reopen() {}
    public func stop() {}
}

/// The phases, in the order in which they run; those that decide about a request are one.
public enum Phase: Int, Sendable, CaseIterable, Comparable {
    case request, requestBody, responseHead, responseBody, completed

    public static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }

    /// Whether plugins take part in it last to first.
    package var runsBackwards: Bool { self >= .responseHead }

    package func isPart(of type: any Plugin.Type) -> Bool {
        switch self {
        case .request:
            type is any RequestPhase.Type || type is any SharedStatePhase.Type
                || type is any AsyncRequestPhase.Type || type is any WholeRequestPhase.Type
        case .requestBody: type is any RequestBodyPhase.Type
        case .responseHead: type is any ResponseHeadPhase.Type
        case .responseBody: type is any ResponseBodyPhase.Type
        case .completed: type is any CompletedPhase.Type
        }
    }
}

/// Decides about a request when its head has arrived. Runs on the request's event loop: it must not
/// block.
///
/// Where a `SharedStatePhase` plugin before it waits for Redis, this may run before that one's verdict
/// is known, and its decision holds only if the verdict lets the request go on. So what must not
/// happen to a refused request belongs in a later phase.
public protocol RequestPhase: Plugin {
    func request(_ exchange: Exchange) throws -> Decision
}

/// Decides about a request by one atomic step on shared state.
///
/// In memory the step is taken at once. With Redis the steps of all such plugins of a chain, up to the
/// next one that waits or reads a body, go out together, so that a request waits for one round trip
/// however many there are. What is done when Redis does not answer is the operator's choice
/// (`state.whenUnavailable`) and not the plugin's concern.
public protocol SharedStatePhase: Plugin {
    /// What to do, from the facts of those before it; nil lets the request proceed.
    func step(_ exchange: Exchange) throws -> StateStep?

    /// Decides, once the result is known and all plugins before it let the request proceed.
    func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) throws -> Decision

    /// What takes back an applied step whose request a plugin before it has refused; nil when nothing
    /// has to be taken back.
    func withdrawal(of step: StateStep) -> StateStep?
}

extension SharedStatePhase {
    public func withdrawal(of step: StateStep) -> StateStep? { nil }
}

/// Decides about a request after waiting for something that answers later.
///
/// It runs on the request's own event loop and returns to it after each suspension, so the exchange
/// may be used as in a synchronous hook. When it does not suspend it costs next to nothing.
public protocol AsyncRequestPhase: Plugin {
    /// Decides where nothing has to be waited for, without the task that waiting takes; nil lets `request`
    /// be asked. Always nil unless the plugin says otherwise.
    func decideAtOnce(_ exchange: Exchange) throws -> Decision?

    nonisolated(nonsending) func request(_ exchange: Exchange) async throws -> Decision
}

extension AsyncRequestPhase {
    public func decideAtOnce(_ exchange: Exchange) throws -> Decision? { nil }
}

/// Decides about a request when its whole body has arrived.
///
/// Only a plugin that conforms to this makes the proxy hold a body back; otherwise bodies stream.
public protocol WholeRequestPhase: Plugin {
    /// The largest body, in bytes, that it accepts; a longer one is refused with 413.
    var bodyLimit: Int { get }

    /// - Parameter body: valid during the call. `exchange.request.replaceBody` changes what is sent.
    func request(_ exchange: Exchange, body: Span<UInt8>) throws -> Decision
}

/// Sees each run of request body bytes on its way to the upstream.
public protocol RequestBodyPhase: Plugin {
    /// - Parameters:
    ///   - bytes: valid during the call only; empty when the body's end comes alone.
    ///   - isLast: whether the body ends with these bytes.
    func requestBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) throws
}

/// Sees, and may change, the head of the answer before the client does.
///
/// It runs for the upstream's answers and for those that the proxy makes itself
/// (`exchange.response.source` tells them apart). An answer goes back the way that its request came:
/// where a plugin refused, those behind it see no answer. It runs once, and once more where a head that
/// was held back (`holdHead`) gives way to an error of the proxy's own.
public protocol ResponseHeadPhase: Plugin {
    func responseHead(_ exchange: Exchange) throws
}

/// Sees, and may change, each run of answer bytes on its way to the client.
public protocol ResponseBodyPhase: Plugin {
    /// - Parameters:
    ///   - bytes: valid during the call only; empty when the body's end comes alone.
    ///   - isLast: whether the body ends with these bytes.
    /// - Returns: `.pass`, or what to send instead. A plugin that may replace bytes must have called
    ///   `exchange.response.bodyWillChange()` in the response head phase, so that the length that
    ///   the upstream announced is not announced to the client.
    func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) throws
        -> BodyDecision
}

/// Learns how the exchange ended: exactly once, whatever happened to it.
///
/// Plugins learn it last to first, but one that reads a fact `whenCompleted` not before those that write
/// it then, wherever they stand.
public protocol CompletedPhase: Plugin {
    func completed(_ exchange: Exchange)
}

/// Does something every so often, beside all exchanges: reports what it has gathered, looks what others
/// have reported. Runs on one of the event loops, and never twice at once; it must not block.
public protocol PeriodicPhase: Plugin {
    /// How long from one time to the next; at least 100 ms.
    var interval: Duration { get }

    func periodic(_ state: any StateAccess)
}
