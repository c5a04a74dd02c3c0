import PluginAPI

/// Time that stands still until it is set, on both clocks alike: for what has already happened.
package final class SteppedTime: TimeSource {
    private let moment: Locked<WallTime>

    /// From 1970 on, and so far that a deadline of years behind it still is a number.
    package static let range =
        WallTime(
            microseconds: 0)...WallTime(
            microseconds: 16_725_225_600_000_000)

    package init(_ moment: WallTime) { self.moment = Locked(moment) }

    package var wall: WallTime { moment.withLock { $0 } }

    package var monotonic: MonotonicTime { wall.monotonic }

    /// - Parameter new: in `range`; not before the present one, once something goes by it.
    package func set(_ new: WallTime) { moment.withLock { $0 = new } }
}

extension WallTime {
    /// On the other clock of `SteppedTime`.
    var monotonic: MonotonicTime { MonotonicTime(nanoseconds: UInt64(microseconds) * 1000) }
}

extension MonotonicTime {
    /// On the other clock of `SteppedTime`: the first moment not before it.
    var wall: WallTime { WallTime(microseconds: Int64((nanoseconds + 999) / 1000)) }
}
