import Glibc

/// Where time comes from. It is injected everywhere, so that an hour of limits is tested in a millisecond.
public protocol TimeSource: Sendable {
    /// Never goes back; for intervals.
    var monotonic: MonotonicTime { get }
    /// The calendar's time; for records.
    var wall: WallTime { get }
}

/// The machine's clocks.
public struct SystemTime: TimeSource {
    public init() {}

    public var monotonic: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    public var wall: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// A point on the machine's monotonic clock.
public struct MonotonicTime: Comparable, Hashable, Sendable {
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (left: Self, right: Duration) -> Self {
        Self(nanoseconds: left.nanoseconds &+ UInt64(bitPattern: right.nanoseconds))
    }

    /// How long ago another point was; negative when it is still to come. For paths on which the
    /// 128-bit arithmetic of `Duration` counts.
    public func nanoseconds(since earlier: Self) -> Int64 {
        Int64(bitPattern: nanoseconds &- earlier.nanoseconds)
    }

    public func advanced(byNanoseconds nanoseconds: Int64) -> Self {
        Self(nanoseconds: self.nanoseconds &+ UInt64(bitPattern: nanoseconds))
    }

    public static func - (left: Self, right: Self) -> Duration {
        .nanoseconds(Int64(bitPattern: left.nanoseconds &- right.nanoseconds))
    }
}

extension Duration {
    /// The whole duration in nanoseconds; exact up to 292 years.
    public var nanoseconds: Int64 {
        let attoseconds = attoseconds
        // Up to an hour without a division of 128 bits: 10⁹ is 2⁹ × 1953125.
        if attoseconds >> 72 == 0 {
            return Int64(UInt64(truncatingIfNeeded: attoseconds >> 9) / 1_953_125)
        }
        return Int64(truncatingIfNeeded: attoseconds / 1_000_000_000)
    }

    public var seconds: Double { Double(nanoseconds) / 1e9 }
}
