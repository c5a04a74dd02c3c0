/// What an asynchronous hook waits for: that somebody wakes it, on whatever thread.
///
///     let wait = Wait()
///     waiters.withLock { $0.append(wait) }        // whoever has what it waits for calls wait.wake()
///     switch await exchange.wait(for: wait, until: exchange.now + .seconds(5)) { … }
///
/// It ends once: of several who would end it at the same time one does, and knows that it did.
public final class Wait: Sendable {
    public enum End: Sendable {
        case woken
        /// The time was over before.
        case timedOut
        /// The exchange has ended meanwhile: its client left, or it was given up. What the hook decides
        /// is of no account any more.
        case exchangeEnded
    }

    private struct State {
        var end: End?
        var suspended: UnsafeContinuation<End, Never>?
    }

    private let state = Locked(State())

    public init() {}

    /// How it ended; nil while it goes on.
    public var end: End? { state.withLock { $0.end } }

    /// Lets the hook go on, on its own loop; also before it has come to wait. Any thread.
    /// - Returns: false when the wait had ended otherwise, and the hook does not get what it waited for.
    @discardableResult
    public func wake() -> Bool { finish(.woken) }

    /// - Returns: whether this was the end.
    @discardableResult
    package func finish(_ end: End) -> Bool {
        let (isEnd, suspended) = state.withLock { state in
            guard state.end == nil else {
                return (false, nil as UnsafeContinuation<End, Never>?)
            }
            state.end = end
            defer { state.suspended = nil }
            return (true, state.suspended)
        }
        suspended?.resume(returning: end)
        return isEnd
    }

    fileprivate nonisolated(nonsending) func result() async -> End {
        await withUnsafeContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.suspended = continuation }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }
}

extension Exchange {
    /// Waits until somebody wakes the hook, but not beyond the deadline, and not for an exchange that has
    /// ended. For hooks of `AsyncRequestPhase`; each waits for one thing at a time.
    ///
    /// The completed phase runs after the wait's end, and may run before the hook goes on.
    /// - Parameter deadline: by the loop's clock, `exchange.now`; it is kept within 4 ms.
    public nonisolated(nonsending) func wait(for wait: Wait, until deadline: MonotonicTime) async
        -> Wait.End
    {
        self.wait = wait
        waitKeeper?.keep(wait, until: deadline)
        let end = await wait.result()
        if let time = waitKeeper?.now { now = time }
        return end
    }
}

/// Ends the waits of one exchange whose time is over, or that nobody waits for any more.
package protocol WaitKeeper: AnyObject {
    var now: MonotonicTime { get }
    func keep(_ wait: Wait, until deadline: MonotonicTime)
}
