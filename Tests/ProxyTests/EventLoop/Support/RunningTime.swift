import PluginAPI

/// A clock that goes on by a millisecond whenever it is read.
final class RunningTime: TimeSource {
    private let nanoseconds = Locked<UInt64>(1_000_000_000)

    var monotonic: MonotonicTime {
        nanoseconds.withLock {
            $0 += 1_000_000
            return MonotonicTime(nanoseconds: $0)
        }
    }

    var wall: WallTime { WallTime(microseconds: 0) }
}
