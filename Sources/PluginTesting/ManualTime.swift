import PluginAPI

/// Time that stands still until it is told to advance.
public final class ManualTime: TimeSource {
    private struct Clocks {
        var monotonic: MonotonicTime
        var wall: WallTime
    }

    private let clocks: Locked<Clocks>

    /// - Parameter wall: when it begins; 2026-01-01T00:00:00Z unless told.
    public init(wall: WallTime = WallTime(microseconds: 1_767_225_600_000_000)) {
        clocks = Locked(
            Clocks(monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), wall: wall))
    }

    public var monotonic: MonotonicTime { clocks.withLock { $0.monotonic } }
    public var wall: WallTime { clocks.withLock { $0.wall } }

    /// Lets time pass, on both clocks.
    public func advance(by duration: Duration) {
        clocks.withLock {
            $0.monotonic = $0.monotonic + duration
            $0.wall.microseconds += duration.nanoseconds / 1000
        }
    }
}
