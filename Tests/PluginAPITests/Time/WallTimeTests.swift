import PluginAPI
import Testing

@Suite("Time")
struct WallTimeTests {
    @Test(
        "a moment is written in UTC with microseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1, "1970-01-01T00:00:00.000001Z"),
            (999_999, "1970-01-01T00:00:00.999999Z"),
            (1_000_000, "1970-01-01T00:00:01.000000Z"),
            (951_868_799_999_999, "2000-02-29T23:59:59.999999Z"),
            (1_767_225_599_999_999, "2025-12-31T23:59:59.999999Z"),
            (-1, "1969-12-31T23:59:59.999999Z"), (-1_000_000, "1969-12-31T23:59:59.000000Z"),
        ] as [(Int64, String)])
    func description(microseconds: Int64, text: String) {
        #expect("\(WallTime(microseconds: microseconds))" == text)
    }

    @Test("moments are in order, and their differences durations")
    func order() {
        #expect(WallTime(microseconds: 1) < WallTime(microseconds: 2))
        let start = MonotonicTime(nanoseconds: 100)
        #expect(start + .nanoseconds(50) == MonotonicTime(nanoseconds: 150))
        #expect(start + .nanoseconds(-50) == MonotonicTime(nanoseconds: 50))
        #expect(start - (start + .seconds(1)) == .seconds(-1))
        #expect(start < start + .nanoseconds(1))
    }

    @Test("durations are counted in nanoseconds and in seconds")
    func durations() {
        #expect(Duration.seconds(3).nanoseconds == 3_000_000_000)
        #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
        #expect(Duration.milliseconds(1500).seconds == 1.5)
        #expect(Duration.seconds(9_000_000_000).nanoseconds == 9_000_000_000_000_000_000)
    }

    @Test("the machine's monotonic clock does not go back")
    func monotonic() {
        let time = SystemTime()
        var last = time.monotonic
        for _ in 0..<1000 {
            let now = time.monotonic
            #expect(now >= last)
            last = now
        }
        #expect(time.wall > WallTime(microseconds: 1_700_000_000_000_000))
    }
}
