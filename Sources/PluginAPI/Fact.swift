import Synchronization

/// A fact: something typed that one plugin learns about an exchange and others read.
///
/// A fact is declared once, as a static constant, and its identity is that constant:
///
///     extension Facts {
///         public static let tenant = Fact<String>("tenant")
///     }
///     exchange[Facts.tenant] = "acme"
///
/// A private fact is also where a plugin keeps its own state of one exchange from phase to phase.
public struct Fact<Value>: FactDeclaration {
    public let name: String
    @usableFromInline let index: Int

    /// - Parameter name: `snake_case`, as shown by `sluice plugins` and `sluice check`.
    public init(_ name: String) {
        self.name = name
        index = nextFactIndex.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}

/// A fact without its type, as lists of what a plugin reads and writes hold it.
public protocol FactDeclaration: Sendable {
    var name: String { get }
}

private let nextFactIndex = Atomic<Int>(0)

/// The facts that more than one plugin speaks of.
public enum Facts {
    /// Whether the TCP peer is one of the operator's own proxies. Absent means no.
    public static let peerIsTrusted = Fact<Bool>("peer_is_trusted")
    /// The address of the client, as established from the peer and, where it is trusted, from what it says.
    public static let clientAddress = Fact<IPAddress>("client_address")
    /// The client and every trusted hop after it but the peer, as X-Forwarded-For writes them.
    public static let forwardedFor = Fact<String>("forwarded_for")
    /// The scheme that the client used, as a trusted peer reports it: `http` or `https`.
    public static let forwardedProto = Fact<String>("forwarded_proto")
    /// The host that the client asked for, as a trusted peer reports it.
    public static let forwardedHost = Fact<String>("forwarded_host")
    /// Who the client has proved to be.
    public static let identity = Fact<String>("identity")
    /// The class of service that the identity has been given, such as `free` or `partner`.
    public static let tier = Fact<String>("tier")
    /// The limits that the identity has been given, in place of a limiter's own.
    public static let ownLimits = Fact<[Rate]>("own_limits")
    /// The models that the identity may ask for; absent means all. For the plugin that learns which one
    /// a request asks for.
    public static let allowedModels = Fact<[Glob]>("allowed_models")
    /// What every limit is multiplied by for this request: above 0, 1 where it is absent.
    public static let limitMultiplier = Fact<Double>("limit_multiplier")
    /// How long the request has waited in queues of the proxy's own; absent where it has not.
    public static let queueWait = Fact<Duration>("queue_wait")
    /// The model that the request asks for, and once it is known the one that answered.
    public static let model = Fact<String>("model")
    /// Whether the request asks for a stream of events.
    public static let asksForStream = Fact<Bool>("asks_for_stream")
    /// The tokens that the exchange took. While an answer streams, what it has taken so far.
    public static let usage = Fact<TokenUsage>("usage")
    /// What the exchange cost. While an answer streams, what it has cost so far.
    public static let cost = Fact<Cost>("cost_usd")
    /// The tokens that the request may take at most, as far as that can be told from it.
    public static let expectedUsage = Fact<TokenUsage>("expected_usage")
    /// What the request may cost at most, as far as that can be told from it.
    public static let expectedCost = Fact<Money>("expected_cost_usd")
    /// Why the model stopped, in its provider's word: `stop`, `length`.
    public static let finishReason = Fact<String>("finish_reason")
}

/// The facts of one exchange: a box for each that has ever been written, kept from exchange to
/// exchange, so that writing one makes nothing.
@usableFromInline
final class FactTable {
    /// By the fact's index, of which each belongs to one fact only: so its box has that fact's type. The
    /// table owns them; to look at one it is neither kept nor let go of.
    @usableFromInline var boxes: ContiguousArray<Unmanaged<FactBox>?> = []
    /// The indices of those that this exchange has written, so that only these have to be emptied.
    @usableFromInline var written: ContiguousArray<Int> = []

    deinit {
        for box in boxes { box?.release() }
    }

    @inlinable
    subscript<Value>(fact: Fact<Value>) -> Value? {
        get {
            guard fact.index < boxes.count, let box = boxes[fact.index] else { return nil }
            return box._withUnsafeGuaranteedRef {
                unsafeDowncast($0, to: TypedFactBox<Value>.self).value
            }
        }
        set { change(fact) { $0 = newValue } }
    }

    /// Changes a fact where it is, so that nothing of it is copied.
    @inlinable
    func change<Value, Result>(_ fact: Fact<Value>, _ body: (inout Value?) -> Result) -> Result {
        while boxes.count <= fact.index { boxes.append(nil) }
        let box: Unmanaged<FactBox>
        if let known = boxes[fact.index] {
            box = known
        } else {
            box = .passRetained(
                TypedFactBox<Value>(
                    name: fact.name,
                    clear: { box in
                        unsafeDowncast(box, to: TypedFactBox<Value>.self).value = nil
                    },
                    describe: { box in
                        unsafeDowncast(box, to: TypedFactBox<Value>.self).value.map { "\($0)" }
                    }))
            boxes[fact.index] = box
        }
        return box._withUnsafeGuaranteedRef { box in
            if !box.isWritten {
                box.isWritten = true
                written.append(fact.index)
            }
            return body(&unsafeDowncast(box, to: TypedFactBox<Value>.self).value)
        }
    }

    /// The value of the fact of that name, in words. For explanations: it looks through all of them.
    func describe(_ name: String) -> String? {
        for case let box? in boxes {
            if let text = box._withUnsafeGuaranteedRef({ $0.name == name ? $0.describe($0) : nil })
            {
                return text
            }
        }
        return nil
    }

    func removeAll() {
        for index in written {
            boxes[index]?._withUnsafeGuaranteedRef { box in
                box.isWritten = false
                box.clear(box)
            }
        }
        written.removeAll(keepingCapacity: true)
    }
}

@usableFromInline
class FactBox {
    /// Forgets the value. A function made where the fact is first written, because there the compiler
    /// knows its type; a method of the generic class would look the type up at run time.
    let clear: (FactBox) -> Void
    let name: String
    /// The value in words. Made in the same way.
    let describe: (FactBox) -> String?
    @usableFromInline var isWritten = false

    @usableFromInline
    init(
        name: String, clear: @escaping (FactBox) -> Void, describe: @escaping (FactBox) -> String?
    ) {
        self.name = name
        self.clear = clear
        self.describe = describe
    }
}

@usableFromInline
final class TypedFactBox<Value>: FactBox {
    @usableFromInline var value: Value?
}
