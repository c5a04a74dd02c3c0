/// One request and its answer, as plugins see it.
///
/// An exchange belongs to one event loop and must not leave it. It is reused for the connection's
/// next request, so nothing of it may be kept after the completed phase; copy what is to stay.
public final class Exchange {
    public let request = Request()
    public let response = Response()

    /// Who is at the other end of the TCP connection; the client itself or a proxy in front.
    public package(set) var peer: Peer = .local
    /// The route's name; empty when no route matched.
    public package(set) var route = ""
    /// The upstream's name; nil when the request was not meant for any.
    public package(set) var upstream: String?
    /// The time of the loop's present turn.
    public package(set) var now = MonotonicTime(nanoseconds: 0)
    /// When the first byte of the request arrived, by the wall clock.
    public package(set) var startedAt = WallTime(microseconds: 0)
    /// What plugins decided, without the ones that let it proceed.
    public package(set) var decisions: [DecisionRecord] = []
    /// How it ended. Complete in the completed phase; before that, what is known so far.
    public package(set) var outcome = Outcome()

    /// Whether the upstream's answer is read to its end when the client leaves before that: nobody gets it,
    /// but plugins see it all, and the exchange completes with its end. It takes hold once the whole
    /// request has come. A drain waits for it as for others.
    @exclusivity(unchecked) public var finishesWithoutClient = false

    /// When the request is sent to the upstream again. To be set before the request goes there.
    @exclusivity(unchecked) public var retry: RetryPolicy?

    /// After how long without an answer's head one is sent all the same, as `response` then stands; see
    /// `EarlyHead`. To be set before the request goes to the upstream.
    @exclusivity(unchecked) public var earlyHead: EarlyHead?

    /// Who watches this exchange, from now to its end: one at a time.
    @exclusivity(unchecked) public var observer: (any ExchangeObserver)?

    /// Where steps of shared state that nobody waits for are taken.
    package var state: (any StateAccess)?
    /// What an asynchronous hook waits for, or has waited for last.
    package var wait: Wait?
    /// It has the exchange, and outlives it.
    package unowned(unsafe) var waitKeeper: (any WaitKeeper)?

    @usableFromInline let facts = FactTable()
    private var assignedID: String?

    package init() {}

    /// The client's address: what a plugin established, else the peer's.
    public var clientAddress: IPAddress? { self[Facts.clientAddress] ?? peer.address }

    /// The request's identifier, in logs, in the activity record, and on answers made by the proxy.
    /// Made when first asked for (UUIDv7) unless a plugin has set one.
    public var requestID: String {
        get {
            if let assignedID { return assignedID }
            let made = UUIDv7.make(at: startedAt)
            assignedID = made
            return made
        }
        set { assignedID = newValue }
    }

    /// The same, if it has been asked for or set.
    package var assignedRequestID: String? { assignedID }

    /// The value of the fact of that name, in words; nil when nothing is known.
    package func describe(_ name: String) -> String? { facts.describe(name) }

    /// What is known of a fact in this exchange.
    @inlinable
    public subscript<Value>(fact: Fact<Value>) -> Value? {
        get { facts[fact] }
        set { facts[fact] = newValue }
    }

    /// The same, with what holds while nothing is known:
    ///
    ///     exchange[Self.chunks, default: 0] += 1
    @inlinable
    public subscript<Value>(
        fact: Fact<Value>, default value: @autoclosure () -> Value
    ) -> Value {
        get { facts[fact] ?? value() }
        set { facts[fact] = newValue }
    }

    /// Changes a fact where it is: for values that grow, such as lists, of which `subscript` makes a copy.
    @inlinable
    public func change<Value, Result>(
        _ fact: Fact<Value>, _ body: (inout Value?) -> Result
    ) -> Result { facts.change(fact, body) }

    /// Takes a step of shared state in the background, such as counting what the exchange took.
    public func take(_ step: StateStep) { state?.take(step) }

    package func reset() {
        request.reset()
        response.reset()
        route = ""
        upstream = nil
        if !decisions.isEmpty { decisions.removeAll(keepingCapacity: true) }
        outcome = Outcome()
        finishesWithoutClient = false
        if wait != nil { wait = nil }
        if retry != nil { retry = nil }
        if earlyHead != nil { earlyHead = nil }
        if observer != nil { observer = nil }
        facts.removeAll()
        assignedID = nil
    }
}

/// What one plugin decided about one exchange.
public struct DecisionRecord: Sendable {
    /// The plugin's label.
    public let plugin: String
    public let kind: Kind
    public let reason: String

    public enum Kind: String, Sendable {
        case refuse
        case answer
        /// The plugin is in `observe` mode: it would have refused or answered, and the request went on.
        case observed
        /// The plugin threw an error.
        case failed
    }

    package init(plugin: String, kind: Kind, reason: String) {
        self.plugin = plugin
        self.kind = kind
        self.reason = reason
    }
}

/// How an exchange ended.
public struct Outcome: Sendable {
    /// The status that the client saw; 499 when it left before the end of its answer.
    public package(set) var status = 0
    /// Body bytes received from the client.
    public package(set) var bytesIn = 0
    /// Body bytes sent towards the client.
    public package(set) var bytesOut = 0
    /// How many times the request was sent, or tried to be sent, to an upstream.
    public package(set) var attempts = 0
    /// The address of the target that answered, or was tried last.
    public package(set) var target: String?
    /// From the request's first byte to the end.
    public package(set) var duration = Duration.zero
    /// From the start of the first attempt to the end of the upstream's answer.
    public package(set) var upstreamDuration: Duration?
    /// From the request's first byte to the first byte of the answer.
    public package(set) var timeToFirstByte: Duration?
    /// How long, at the end, the client had been waiting: since it had sent its whole request, or since
    /// the last that it was given of the answer. Nil when it was still sending.
    public package(set) var clientWait: Duration?
    /// Who broke the exchange off; nil when it ran to its end.
    public package(set) var aborted: Party?
    /// What went wrong, for a person; nil when nothing did.
    public package(set) var error: String?

    package init() {}

    public enum Party: String, Sendable {
        case client, upstream, proxy
    }
}
