import PluginAPI
import Synchronization

/// The clock that records of shared state are kept by, in µs.
///
/// It runs with this machine's monotonic clock, so no change of the calendar disturbs a limit, and it
/// is set by Redis where Redis keeps the state, so that replicas agree whatever their own clocks say.
final class StateClock: Sendable {
    private let time: any TimeSource
    /// In µs, to be added to the monotonic clock.
    private let offset: Atomic<Int64>

    init(_ time: any TimeSource) {
        self.time = time
        offset = Atomic(time.wall.microseconds - Self.microseconds(time.monotonic))
    }

    var now: Double { at(time.monotonic) }

    func at(_ moment: MonotonicTime) -> Double {
        Double(Self.microseconds(moment) + offset.load(ordering: .relaxed))
    }

    /// Takes over the time of those who share the state.
    func set(_ now: Double) {
        offset.store(
            Int64(now) - Self.microseconds(time.monotonic), ordering: .relaxed)
    }

    private static func microseconds(_ moment: MonotonicTime) -> Int64 {
        Int64(moment.nanoseconds / 1000)
    }
}
