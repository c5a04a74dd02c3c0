import Synchronization

/// Whether requests are taken, for those who ask from outside.
final class ServerStatus: Sendable {
    enum State: UInt8, Sendable {
        case starting, ready, draining
    }

    private let value = Atomic<UInt8>(State.starting.rawValue)

    private let number = Atomic<Int>(1)

    var state: State {
        get { State(rawValue: value.load(ordering: .relaxed))! }
        set { value.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// The number of the configuration that every worker has taken.
    var generation: Int {
        get { number.load(ordering: .relaxed) }
        set { number.store(newValue, ordering: .relaxed) }
    }
}
