import PluginAPI

/// Time that stands still until it is told to advance.
public final class ManualTime: TimeSource {
    private struct Clocks {
        var monotonic: MonotonicTime
        var wall: WallTime
    }

    private let clocks: Locked<Clocks>
    private let waits = Locked<[(wait: Wait, deadline: MonotonicTime)]>([])

    /// - Parameter wall: when it begins; 2026-01-01T00:00:00Z unless told.
    public init(wall: WallTime = WallTime(microseconds: 1_767_225_600_000_000)) {
        clocks = Locked(
            Clocks(monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), wall: wall))
    }

    public var monotonic: MonotonicTime { clocks.withLock { $0.monotonic } }
    public var wall: WallTime { clocks.withLock { $0.wall } }

    /// Lets time pass, on both clocks. What is waited for by then, and has not come, comes no more.
    public func advance(by duration: Duration) {
        let now = clocks.withLock {
            $0.monotonic = $0.monotonic + duration
            $0.wall.microseconds += duration.nanoseconds / 1000
            return $0.monotonic
        }
        let due = waits.withLock { waits in
            defer { waits.removeAll { $0.deadline <= now || $0.wait.end != nil } }
            return waits.filter { $0.deadline <= now }
        }
        for (wait, _) in due { wait.finish(.timedOut) }
    }

    func end(_ wait: Wait, at deadline: MonotonicTime) {
        waits.withLock { $0.append((wait, deadline)) }
    }
}
