import PluginAPI

/// A request under way, for tests of several at once: it has gone through the request phase, or waits in
/// it, and goes no further until it is told.
///
///     let first = proxy.begin()
///     let second = proxy.begin()
///     #expect(second.isWaiting)                       // in `exchange.wait`
///     _ = try await first.end()                       // gives its place to the second
///     #expect(try await second.end().status == 200)
///
/// Each must be brought to an end. What is waited for longer than `proxy.time` says ends as it would.
public final class RunningRequest {
    private let run: ChainRun
    /// The request phase.
    private let deciding: Task<Void, Never>

    init(_ run: ChainRun) {
        self.run = run
        // Whoever holds this leaves the run alone until the task has ended, or waits.
        nonisolated(unsafe) let sent = run
        deciding = Task.immediate { await sent.decide() }
    }

    /// Whether a hook waits, and nobody has woken it yet.
    public var isWaiting: Bool {
        guard let wait = run.exchange.wait else { return false }
        return wait.end == nil
    }

    /// Lets it go to the upstream, and to its end. One that waits goes on when it is woken.
    public func end() async throws -> TestResult {
        await deciding.value
        return try run.end()
    }

    /// The client leaves while a hook waits, or before the answer.
    public func leave() async -> TestResult {
        run.clientLeaves()
        await deciding.value
        return run.result
    }
}
