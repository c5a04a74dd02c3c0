import PluginAPI
import Proxy
import Testing

@testable import ActivityReport

@Suite("A moment on the command line")
struct TimeArgumentTests {
    private static let now = WallTime(microseconds: 1_769_860_800_000_000)

    private func moment(_ text: String) throws -> String {
        try TimeArgument.moment(text, option: "--since", now: Self.now).description
    }

    @Test(
        "is a time or how long ago it was",
        arguments: [
            ("2026-01-31T12:00:30.5Z", "2026-01-31T12:00:30.500000Z"),
            ("2026-01-31T12:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31t13:00+01:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("0s", "2026-01-31T12:00:00.000000Z"), ("90s", "2026-01-31T11:58:30.000000Z"),
            ("250ms", "2026-01-31T11:59:59.750000Z"), ("15m", "2026-01-31T11:45:00.000000Z"),
            ("2h", "2026-01-31T10:00:00.000000Z"), ("31d", "2025-12-31T12:00:00.000000Z"),
        ])
    func right(text: String, time: String) throws {
        #expect(try moment(text) == time)
    }

    @Test(
        "that is none says what was probably meant",
        arguments: [
            ("yesterday", nil), ("", nil), ("h", nil), ("2", nil), ("-2h", nil), ("2x", nil),
            ("2 hours", "2h"), ("15min", "15m"), ("90 Seconds", "90s"), ("1day", "1d"),
            ("2026-01-31T12:00", "2026-01-31T12:00Z"), ("2026-01-31 12:00", "2026-01-31T12:00Z"),
            ("2026-01-31 12:00:30Z", "2026-01-31T12:00:30Z"), ("2026-02-30", nil),
            ("99999999999999999999h", nil), ("9999999999d", nil),
        ] as [(String, String?)])
    func wrong(text: String, meant: String?) {
        let error = #expect(throws: CommandLineError.self) { try moment(text) }
        #expect(
            error?.description
                == "--since: expected a time such as 2026-01-31T12:00Z or how long ago such as 2h, found \"\(text)\""
                + (meant.map { "; did you mean \($0)?" } ?? ""))
    }
}
