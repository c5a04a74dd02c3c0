import PluginAPI
import Testing

@testable import Proxy

@Suite("The Prometheus text")
struct PrometheusTextTests {
    @Test("a family has its help and type, a sample its labels in order")
    func family() {
        var text = PrometheusText()
        text.family("requests_total", "counter", "Requests by status.")
        text.sample("requests_total", [("route", "chat"), ("status", "200")], UInt64(3))
        text.sample("requests_total", [], UInt64.max)
        #expect(
            text.text == """
                # HELP sluice_requests_total Requests by status.
                # TYPE sluice_requests_total counter
                sluice_requests_total{route="chat",status="200"} 3
                sluice_requests_total 18446744073709551615

                """)
    }

    @Test(
        "numbers are written so that they can be read again",
        arguments: [
            (0.0, "0"), (1, "1"), (-3, "-3"), (0.5, "0.5"), (1e15, "1000000000000000.0"),
            (1e300, "1e+300"),
            (0.000_001, "1e-06"), (123_456.789, "123456.789"), (.infinity, "inf"), (.nan, "nan"),
        ])
    func numbers(_ value: Double, _ written: String) {
        var text = PrometheusText()
        text.sample("x", [], value)
        #expect(text.text == "sluice_x \(written)\n")
    }

    /// What a label may have in it, which is what clients send where a plugin makes it one.
    static let hostile = [
        "plain", "", "\"", "\\", "\n", "\r\n", "\r", "a\\\"b", "\\n", "}", "{a=\"b\"}", " ",
        "\u{E9}\u{1F642}", "\"\u{301}", "\n\u{301}", "\\\u{301}", "x\"\u{200D},evil=\"1",
        "\"} 1\nsluice_forged 2\n", "\u{0}\u{1B}[31m",
    ]

    @Test("a label's value ends where it ends, whatever is in it", arguments: hostile)
    func labels(_ value: String) throws {
        var text = PrometheusText()
        text.sample("x", [("a", value), ("b", "2")], UInt64(1))
        // One line, and read as Prometheus reads it, the same value.
        let bytes = Array(text.text.utf8)
        #expect(bytes.count { $0 == 0x0A } == 1 && bytes.last == 0x0A)
        var rest = bytes[...]
        func expect(_ expected: String) throws {
            try #require(rest.starts(with: expected.utf8))
            rest = rest.dropFirst(expected.utf8.count)
        }
        try expect("sluice_x{a=\"")
        var read: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            guard byte == UInt8(ascii: "\\") else {
                read.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): read.append(0x0A)
            case UInt8(ascii: "\""): read.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): read.append(UInt8(ascii: "\\"))
            default: Issue.record("an escape that Prometheus does not know")
            }
        }
        #expect(read == Array(value.utf8))
        try expect(",b=\"2\"} 1\n")
        #expect(rest.isEmpty)
    }

    @Test(
        "help stays on its line", arguments: ["a\nb", "a\r\nb", "a\\b", "say \"a\"", "a\n\u{301}b"])
    func help(_ help: String) {
        var text = PrometheusText()
        text.family("x", "gauge", help)
        let lines = text.text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(lines.count == 3 && lines[2].isEmpty)
        #expect(
            lines[0].elementsEqual(
                "# HELP sluice_x \(escaped(help))".utf8))
    }

    private func escaped(_ help: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in help.unicodeScalars {
            switch scalar {
            case "\\": scalars.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": scalars.append(contentsOf: "\\n".unicodeScalars)
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    @Test("a histogram's buckets add up to its count, in seconds")
    func histogram() throws {
        let histogram = Histogram()
        for duration in [
            Duration.microseconds(1), .milliseconds(3), .milliseconds(4), .seconds(999),
        ] {
            histogram.add(duration)
        }
        var text = PrometheusText()
        text.histogram("d_seconds", [("route", "a")], histogram.snapshot)
        let lines = text.text.split(separator: "\n").map(String.init)
        #expect(lines.count == Histogram.bounds.count + 3)
        #expect(lines.first == #"sluice_d_seconds_bucket{route="a",le="1e-06"} 1"#)
        #expect(lines.contains(#"sluice_d_seconds_bucket{route="a",le="0.0025"} 1"#))
        #expect(lines.contains(#"sluice_d_seconds_bucket{route="a",le="0.005"} 3"#))
        #expect(lines.contains(#"sluice_d_seconds_bucket{route="a",le="1.0"} 3"#))
        #expect(lines.contains(#"sluice_d_seconds_bucket{route="a",le="300.0"} 3"#))
        #expect(lines.contains(#"sluice_d_seconds_bucket{route="a",le="+Inf"} 4"#))
        #expect(lines.contains(#"sluice_d_seconds_sum{route="a"} 999.007001"#))
        #expect(lines.last == #"sluice_d_seconds_count{route="a"} 4"#)
    }
}
