import PluginAPI
import Testing

@Suite("Times as RFC 3339 writes them")
struct WallTimeRFC3339Tests {
    @Test(
        "a time with any offset and fraction is read",
        arguments: [
            ("2026-12-31T23:59:59Z", "2026-12-31T23:59:59.000000Z"),
            ("2026-12-31t23:59:59z", "2026-12-31T23:59:59.000000Z"),
            ("2026-12-31T23:59:59.5Z", "2026-12-31T23:59:59.500000Z"),
            ("2026-12-31T23:59:59.1234569Z", "2026-12-31T23:59:59.123456Z"),
            ("2026-12-31T23:59:59+01:00", "2026-12-31T22:59:59.000000Z"),
            ("2026-12-31T23:59:59-05:30", "2027-01-01T05:29:59.000000Z"),
            ("2026-12-31T23:59:59-00:00", "2026-12-31T23:59:59.000000Z"),
            ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000000Z"),
            ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000000Z"),
            ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
        ])
    func known(text: String, time: String) {
        #expect(WallTime(rfc3339: text)?.description == time)
    }

    @Test("what is written is read back")
    func roundTrip() {
        for _ in 0..<5000 {
            let time = WallTime(
                microseconds: .random(in: -60_000_000_000_000_000...250_000_000_000_000_000))
            #expect(WallTime(rfc3339: time.description) == time)
        }
    }

    @Test(
        "what is not written that way is not read",
        arguments: [
            "", "2026-12-31", "2026-12-31T23:59:59", "2026-12-31 23:59:59Z", "2026-12-31T23:59Z",
            "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-12-31T24:00:00Z", "2026-12-31T23:60:00Z", "2026-12-31T23:59:61Z",
            "2026-12-31T23:59:59.Z", "2026-12-31T23:59:59+0100", "2026-12-31T23:59:59+24:00",
            "2026-12-31T23:59:59+01:60", "2026-12-31T23:59:59+1:00", "2026-12-31T23:59:59ZZ",
            "2026-12-31T23:59:59 Z", "+026-12-31T23:59:59Z", "2026-12-31T23:59:59.1", "26-12-31",
            "2026/12/31T23:59:59Z", "٢٠٢٦-12-31T23:59:59Z",
        ])
    func malformed(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }

    @Test(
        "an error shows what was probably meant",
        arguments: [
            ("2026-12-31", "2026-12-31T00:00:00Z"), ("2026-12-31T23:59:59", "2026-12-31T23:59:59Z"),
            ("2026-12-31 23:59:59Z", "2026-12-31T23:59:59Z"),
            ("2026-12-31 23:59:59", "2026-12-31T23:59:59Z"),
        ])
    func suggestion(text: String, meant: String) {
        #expect(
            WallTime.reading(.string(text))
                == "expected a time such as \"2026-12-31T23:59:59Z\", found \"\(text)\"; "
                + "did you mean \"\(meant)\"?")
    }

    @Test("a setting may be nothing else than such a time")
    func setting() {
        let expected = #"expected a time such as "2026-12-31T23:59:59Z", found "#
        #expect(WallTime.reading("tomorrow") == expected + #""tomorrow""#)
        #expect(WallTime.reading(1_767_225_600) == expected + "1767225600")
        #expect(WallTime.reading("2026-12-31T23:59:59Z") == #""2026-12-31T23:59:59.000000Z""#)
    }
}
