import CSystem
import PluginAPI

/// A moment by the processor's counter: for timing what takes less than reading a clock does.
struct Ticks {
    private let value: UInt64

    static var now: Ticks { Ticks(value: sluice_ticks()) }

    /// In nanoseconds; 0 where the counters of two processors differ the other way.
    func nanoseconds(since earlier: Ticks) -> Int64 {
        let passed = Int64(bitPattern: value &- earlier.value)
        return passed > 0 ? Int64(Double(passed) * Self.length) : 0
    }

    /// In nanoseconds.
    private static let length: Double = {
        let time = SystemTime()
        let (start, first) = (time.monotonic, now)
        // Long enough that reading the clock does not count.
        while time.monotonic.nanoseconds(since: start) < 2_000_000 {}
        let (end, last) = (time.monotonic, now)
        return Double(end.nanoseconds(since: start)) / Double(last.value &- first.value)
    }()

    /// Measures the counter's pace, so that no request has to wait for that.
    static func prepare() { _ = length }
}
