import Glibc
import PluginAPI
import Testing

@Suite("The text of times")
struct WallTimeTextTests {
    @Test(
        "a time is written in UTC with microseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_769_860_800_000_001, "2026-01-31T12:00:00.000001Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (.max, "9999-12-31T23:59:59.999999Z"), (.min, "0000-01-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func known(microseconds: Int64, text: String) {
        #expect(WallTime(microseconds: microseconds).description == text)
    }

    @Test("random times are those of the C library's calendar, and read back")
    func agreesWithTheLibrary() {
        for _ in 0..<20_000 {
            let time = WallTime(
                microseconds: .random(in: -60_000_000_000_000_000...250_000_000_000_000_000))
            #expect(time.description.prefix(19) == Self.libraryText(time))
            #expect(read(time.description) == time)
        }
    }

    @Test(
        "what is not written that way is not read",
        arguments: [
            "", "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31 12:00:00.000000Z",
            "2026-02-29T12:00:00.000000Z", "2026-13-01T12:00:00.000000Z",
            "2026-00-01T12:00:00.000000Z", "2026-01-31T24:00:00.000000Z",
            "2026-01-31T12:60:00.000000Z", "2026-01-31T12:00:60.000000Z",
            "2026-01-31T12:00:00.00000xZ", "2026-01-31T12:00:00.000000z",
        ])
    func malformed(text: String) {
        #expect(read(text) == nil)
    }

    private func read(_ text: String) -> WallTime? {
        Array(text.utf8).withUnsafeBufferPointer { WallTime($0) }
    }

    private static func libraryText(_ time: WallTime) -> String {
        var seconds = time.microseconds / 1_000_000
        if time.microseconds % 1_000_000 < 0 { seconds -= 1 }
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        func padded(_ number: Int32, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return
            "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
            + "T\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
    }
}
