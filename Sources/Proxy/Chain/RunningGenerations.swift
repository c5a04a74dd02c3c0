import Dispatch
import Synchronization

/// The generations of a server whose plugins run: the one in force, and each before it until its last exchange
/// has ended and its plugins have stopped.
package final class RunningGenerations: Sendable {
    private let group = DispatchGroup()
    private let number = Atomic(0)

    package init() {}

    package var count: Int { number.load(ordering: .relaxed) }

    func enter() {
        group.enter()
        number.wrappingAdd(1, ordering: .relaxed)
    }

    func leave() {
        number.wrappingSubtract(1, ordering: .relaxed)
        group.leave()
    }

    /// Waits until there is none.
    /// - Returns: whether there is none.
    func waitForAll(_ limit: Duration) -> Bool {
        group.wait(timeout: .now() + .nanoseconds(Int(limit.nanoseconds))) == .success
    }
}
