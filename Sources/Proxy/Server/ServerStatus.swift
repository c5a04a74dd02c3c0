import Synchronization

/// Whether requests are taken, for those who ask from outside.
final class ServerStatus: Sendable {
    enum State: UInt8, Sendable {
        case starting, ready, draining
    }

    private let value = Atomic<UInt8>(State.starting.rawValue)

    var state: State {
        get { State(rawValue: value.load(ordering: .relaxed))! }
        set { value.store(newValue.rawValue, ordering: .relaxed) }
    }
}
