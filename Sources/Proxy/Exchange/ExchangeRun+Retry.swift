import PluginAPI

/// Sending a request again that has come to nothing.
extension ExchangeRun {
    /// Whether the request may be sent again, should what has happened be a reason.
    private var mayRetry: RetryPolicy? {
        guard let policy = exchange.retry, !answerHasBegun, !isDetached, isReplayable,
            attemptsMade < policy.attempts
        else { return nil }
        return policy
    }

    /// Sends the request again if the upstream's head is a reason to.
    func retriesAfterHead() -> Bool {
        guard let policy = mayRetry, policy.statuses.contains(exchange.response.status) else {
            return false
        }
        let wanted = exchange.response.headers["retry-after"]?.decimal.map { Duration.seconds($0) }
        return retry(policy, after: .answered(exchange.response.status), wanted)
    }

    func retriesAfterBreak() -> Bool {
        guard let policy = mayRetry, policy.onBreak else { return false }
        return retry(policy)
    }

    func retriesAfterTimeout(_ error: TransferError) -> Bool {
        guard let policy = mayRetry, policy.onTimeout else { return false }
        return retry(policy, after: .failed(error.detail))
    }

    /// There was no connection to any target.
    func retriesUnreachable() -> Bool {
        guard let policy = mayRetry else { return false }
        return retry(policy)
    }

    /// - Parameters:
    ///   - ending: of the attempt that is still under way, if one is.
    ///   - wanted: how long the upstream asks to be left alone.
    private func retry(
        _ policy: RetryPolicy, after ending: AttemptEnding = .unknown, _ wanted: Duration? = nil
    ) -> Bool {
        if let wanted, wanted > policy.maximumDelay { return false }
        let doublings = min(max(0, attemptsMade - 1), 30)
        let delay = min(policy.delay * (1 << doublings), policy.maximumDelay)
        let shortened = delay - delay * Double.random(in: 0..<0.5)
        if let choice { triedTargets.append(choice.index) }
        transfer?.cancel()
        transferIsOver(ending)
        exchange.response.reset()
        if triedTargets.count >= pool!.upstream.targets.count { triedTargets.removeAll() }
        let wait = max(shortened, wanted ?? .zero)
        guard wait > .zero else {
            attempt()
            return true
        }
        stage = .waitingToRetry
        loop.timers.set(timer, at: loop.now + wait)
        return true
    }

    /// The wait before another attempt is over.
    func retryIsDue() {
        stage = .upstream
        attempt()
    }
}
