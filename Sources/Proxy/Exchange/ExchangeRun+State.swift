import PluginAPI

/// The request phase's plugins that decide by shared state.
///
/// Where a step needs Redis, the request goes on through the chain until a plugin that waits, reads the
/// body or does not let it proceed, or until the chain's end; then all steps are asked for together,
/// and what the plugins decide by them is applied in the chain's order. So it waits for one round
/// trip, and the outcome is what it would be had each been asked by itself.
extension ExchangeRun {
    /// A step whose plugin has not decided yet.
    struct AwaitedStep {
        let current: Chain.Step<any SharedStatePhase>
        let step: StateStep
        var outcome: StateClient.Outcome?
    }

    /// A decision of a plugin behind steps that are awaited: it holds only if they let it.
    struct HeldDecision {
        /// The plugin's place in the chain.
        let place: Int
        let result: Result<Decision, any Error>
    }

    /// - Returns: the plugin's decision; nil when it needs a step that is awaited.
    func share(_ current: Chain.Step<any SharedStatePhase>) throws -> Decision? {
        guard let step = try current.hook.step(exchange) else { return .proceed }
        let outcome = worker.state.takeAtOnce(step)
        if awaitedSteps.isEmpty, let outcome { return try decision(current, step, outcome) }
        awaitedSteps.append(AwaitedStep(current: current, step: step, outcome: outcome))
        return nil
    }

    private func decision(
        _ current: Chain.Step<any SharedStatePhase>, _ step: StateStep,
        _ outcome: StateClient.Outcome
    ) throws -> Decision {
        switch outcome {
        case .result(let result): try current.hook.decide(exchange, step, result)
        case .allowed: .proceed
        case .denied:
            .refuse(
                503, reason: "state_unavailable",
                message: "Limits cannot be checked at the moment. Please retry shortly.",
                headers: [("retry-after", "1")])
        }
    }

    /// Asks for the awaited steps, and then goes on.
    /// - Parameters:
    ///   - next: the step of the chain to go on from.
    ///   - held: what a plugin behind them has decided.
    func settle(thenFrom next: Int, held: HeldDecision? = nil) {
        stage = .waitingForState(next)
        heldDecision = held
        task = .starting
        taskStarted = Ticks.now
        missingOutcomes = awaitedSteps.count
        for index in awaitedSteps.indices {
            guard awaitedSteps[index].outcome == nil else {
                missingOutcomes -= 1
                continue
            }
            worker.state.ask(awaitedSteps[index].step) { [self] outcome in
                awaitedSteps[index].outcome = outcome
                missingOutcomes -= 1
                if missingOutcomes == 0, case .suspended = task { settled() }
            }
        }
        if missingOutcomes == 0 { settled() } else { task = .suspended }
    }

    /// All steps have been taken.
    private func settled() {
        task = .none
        guard case .waitingForState(let next) = stage else {
            // The client left, or was answered meanwhile. What was counted stays counted.
            awaitedSteps.removeAll(keepingCapacity: true)
            heldDecision = nil
            if isReleased { worker.recycle(self) }
            return
        }
        exchange.now = loop.now
        stage = .deciding(next)
        let chain = route.chain
        for (index, awaited) in awaitedSteps.enumerated() {
            guard let outcome = awaited.outcome else { continue }
            turnaround = awaited.current.place + 1
            let entry = awaited.current.entry
            let result = Result { try decision(awaited.current, awaited.step, outcome) }
            let nanoseconds = Ticks.now.nanoseconds(since: taskStarted)
            service.countTime(entry.number, nanoseconds: nanoseconds)
            if let observer = exchange.observer {
                observer.hookEnded(exchange, entry.label, .request, nanoseconds: nanoseconds)
            }
            trace?.settle(entry, result)
            guard apply(result, of: entry) else { return withdrawSteps(behind: index) }
        }
        awaitedSteps.removeAll(keepingCapacity: true)
        if let held = heldDecision {
            heldDecision = nil
            turnaround = held.place + 1
            guard apply(held.result, of: chain.entries[held.place]) else { return }
        }
        decide(from: next)
    }

    /// The request has been refused: it must not count against the limits behind the one that did.
    private func withdrawSteps(behind refusing: Int) {
        for awaited in awaitedSteps[(refusing + 1)...] {
            guard case .result(let result) = awaited.outcome, result.isApplied,
                let withdrawal = awaited.current.hook.withdrawal(of: awaited.step)
            else { continue }
            worker.state.take(withdrawal)
        }
        awaitedSteps.removeAll(keepingCapacity: true)
        heldDecision = nil
    }
}
