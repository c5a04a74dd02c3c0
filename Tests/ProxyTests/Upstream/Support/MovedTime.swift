import PluginAPI

/// A clock that is moved by hand.
final class MovedTime: TimeSource {
    private let nanoseconds = Locked<UInt64>(1_000_000_000)

    var monotonic: MonotonicTime { MonotonicTime(nanoseconds: nanoseconds.withLock { $0 }) }
    var wall: WallTime { WallTime(microseconds: 0) }

    func move(_ duration: Duration) {
        nanoseconds.withLock { $0 += UInt64(duration.nanoseconds) }
    }
}
