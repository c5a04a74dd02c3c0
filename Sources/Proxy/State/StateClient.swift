import PluginAPI

/// One event loop's access to the state.
package final class StateClient: StateAccess {
    private let store: StateStore
    private let loop: EventLoop

    package init(_ store: StateStore, _ loop: EventLoop) {
        self.store = store
        self.loop = loop
    }

    /// What is to become of a request whose step has been taken, or could not be.
    enum Outcome {
        case result(StateResult)
        /// Those who share the state do not answer, and the operator lets requests pass meanwhile.
        case allowed
        /// The same, and the operator refuses them.
        case denied
    }

    /// Takes a step if that needs no waiting; nil when others have to be asked with `ask`.
    func takeAtOnce(_ step: StateStep) -> Outcome? {
        .result(store.run(step, now: store.clock.at(loop.now)))
    }

    /// Asks those who share the state. Steps of one turn go out together.
    func ask(_ step: StateStep, then: @escaping (Outcome) -> Void) {
        then(.result(store.run(step, now: store.clock.at(loop.now))))
    }

    package func take(_ step: StateStep, then: @escaping (StateResult) -> Void) {
        then(store.run(step, now: store.clock.at(loop.now)))
    }

    package func take(_ step: StateStep) {
        _ = store.run(step, now: store.clock.at(loop.now))
    }
}
