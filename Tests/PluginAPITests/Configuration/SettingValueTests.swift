import Testing

@testable import PluginAPI

@Suite("The types of settings")
struct SettingValueTests {
    @Test(
        "whole numbers are digits and nothing else",
        arguments: [
            (5, "5"), (-5, "-5"), (0, "0"),
            (.number("9223372036854775807"), "9223372036854775807"),
            (.number("9223372036854775808"), "expected a whole number, found 9223372036854775808"),
            (.number("1.5"), "expected a whole number, found 1.5"),
            (.number("1.0"), "expected a whole number, found 1.0"),
            (.number("1e3"), "expected a whole number, found 1e3"),
            ("5", #"expected a whole number, found "5""#),
            (true, "expected a whole number, found true"),
            (nil, "expected a whole number, found null"),
            ([], "expected a whole number, found an empty list"),
            ([1], "expected a whole number, found a list"),
            (["a": 1], "expected a whole number, found an object"),
        ] as [(JSONValue, String)])
    func integers(json: JSONValue, reading: String) {
        #expect(Int.reading(json) == reading)
    }

    @Test(
        "numbers are finite",
        arguments: [
            (.number("0.25"), "0.25"), (3, "3"), (.number("-1e-3"), "-0.001"),
            (.number("1e999"), "expected a number, found 1e999"),
            ("0.25", #"expected a number, found "0.25""#),
        ] as [(JSONValue, String)])
    func doubles(json: JSONValue, reading: String) {
        #expect(Double.reading(json) == reading)
    }

    @Test(
        "durations are a whole number and a unit, and longer than zero",
        arguments: [
            ("250ms", "250ms"), ("5s", "5s"), ("1m", "1m"), ("24h", "1d"), ("7d", "7d"),
            ("90s", "90s"), ("1000ms", "1s"), ("36500d", "36500d"),
            ("0s", "of at least 1ms"), ("1.5s", "such as"), ("-5s", "such as"), ("5", "such as"),
            ("s", "such as"), ("", "such as"), ("5S", #"did you mean "5s"?"#),
            ("5 minutes", #"did you mean "5m"?"#), ("5us", "such as"), ("٥s", "such as"),
            ("99999999999999999999s", "such as"), ("9223372036854775807d", "such as"),
            (5, "such as"), (nil, "such as"),
        ] as [(JSONValue, String)])
    func durations(json: JSONValue, reading: String) {
        let found = Duration.reading(json)
        if reading.contains(" ") {
            #expect(found.hasPrefix("expected a duration") && found.contains(reading), "\(found)")
        } else {
            #expect(found == JSONValue.string(reading).description)
        }
    }

    @Test(
        "sizes are bytes, or a whole number and a binary unit",
        arguments: [
            (0, "0"), (1000, "1000"), (1024, #""1KiB""#), ("64KiB", #""64KiB""#),
            ("100MiB", #""100MiB""#), ("1024MiB", #""1GiB""#), ("2TiB", #""2TiB""#), ("12B", "12"),
        ] as [(JSONValue, String)])
    func sizes(json: JSONValue, reading: String) {
        #expect(ByteSize.reading(json) == reading)
    }

    @Test(
        "what is no size is not guessed",
        arguments: [
            (-1, nil), (.number("1.5"), nil), ("64", "64B"), ("64KB", "64KiB"), ("64 kb", "64KiB"),
            ("1M", "1MiB"), ("KiB", nil), ("99999999TiB", nil), ("-1KiB", nil), (true, nil),
        ] as [(JSONValue, String?)])
    func wrongSizes(json: JSONValue, suggestion: String?) {
        let found = ByteSize.reading(json)
        #expect(
            found
                == #"expected a size such as "64KiB" or a number of bytes, found \#(json)"#
                + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ""))
    }

    @Test(
        "rates are a count in a period",
        arguments: [
            ("60/m", Rate(60, per: .minute)), ("10/s", Rate(10, per: .second)),
            ("1000/h", Rate(1000, per: .hour)), ("3/d", Rate(3, per: .day)),
        ] as [(String, Rate)])
    func rates(text: String, rate: Rate) throws {
        #expect(try Rate(setting: ConfigurationValue(.string(text))) == rate)
        #expect(rate.settingJSON == .string(text))
    }

    @Test("a rate knows its period", arguments: zip(Rate.Period.allCases, [1, 60, 3600, 86400]))
    func periods(period: Rate.Period, seconds: Int) {
        #expect(Rate(1, per: period).period == .seconds(seconds))
    }

    @Test(
        "what is no rate is refused",
        arguments: [
            "60 per minute", "60", "60/", "/m", "0/m", "-1/m", "+1/m", "1.5/m", "60/min", "60/5m",
            "60 /m", "99999999999999999999/s", "9999999999999/s", "",
        ])
    func wrongRates(text: String) {
        #expect(
            Rate.reading(.string(text))
                == #"expected a rate such as "60/m", found \#(JSONValue.string(text))"#)
    }

    @Test(
        "networks are CIDR, without bits behind the prefix",
        arguments: [
            ("10.0.0.0/8", #""10.0.0.0/8""#), ("192.0.2.1", #""192.0.2.1/32""#),
            ("2001:db8::/32", #""2001:db8::/32""#),
            (
                "10.1.2.3/8",
                #"expected a network such as "10.0.0.0/8", found "10.1.2.3/8"; did you mean "10.0.0.0/8"?"#
            ),
            ("10.0.0.0/33", #"expected a network such as "10.0.0.0/8", found "10.0.0.0/33""#),
        ])
    func networks(text: String, reading: String) {
        #expect(Network.reading(.string(text)) == reading)
    }

    @Test("null is nothing where a value may be absent")
    func optionals() {
        #expect(Int?.reading(nil) == "null")
        #expect(Int?.reading(5) == "5")
        #expect(Int?.reading("x") == #"expected a whole number, found "x""#)
    }

    @Test("every wrong element of a list and of a map is found")
    func collections() throws {
        #expect([Int].reading([1, 2]) == "[1, 2]")
        #expect(
            [Int].reading([1, "a", 2, nil]) == """
                [1]: expected a whole number, found "a"
                [3]: expected a whole number, found null
                """)
        #expect([Int].reading(1) == "expected a list of integers, found 1")
        #expect([String: Int].reading(["b": 1, "a": 2]) == #"{"a": 2, "b": 1}"#)
        #expect(try NamedValues<Int>(setting: ConfigurationValue(["b": 1, "a": 2]))["a"] == 2)
        #expect(NamedValues<Int>.reading(["b": 1, "a": 2]) == #"{"b": 1, "a": 2}"#)
        #expect(
            NamedValues<Int>.reading(["b": true, "a b": 2, "c.d": nil]) == """
                b: expected a whole number, found true
                ["c.d"]: expected a whole number, found null
                """)
    }

    enum Policy: String, SettingChoice { case local, allow, deny }

    @Test("one of a few names is suggested by its nearest")
    func choices() {
        #expect(Policy.reading("allow") == #""allow""#)
        #expect(
            Policy.reading("alow")
                == #"expected one of "local", "allow", "deny", found "alow"; did you mean "allow"?"#
        )
        #expect(
            Policy.reading("sometimes")
                == #"expected one of "local", "allow", "deny", found "sometimes""#)
    }

    @Test(
        "what came from the environment may stand for a number, and is not shown when it is wrong")
    func substituted() {
        #expect(Int.reading("12", written: "${COUNT}") == "12")
        #expect(Int.reading("+12", written: "${COUNT}").hasPrefix("expected"))
        #expect(Double.reading("0.5", written: "${SHARE}") == "0.5")
        #expect(Double.reading("0x1p4", written: "${SHARE}").hasPrefix("expected"))
        #expect(Double.reading("inf", written: "${SHARE}").hasPrefix("expected"))
        #expect(Bool.reading("true", written: "${ON}") == "true")
        #expect(ByteSize.reading("4096", written: "${SIZE}") == #""4KiB""#)
        #expect(
            Int.reading("secret", written: "a${COUNT}")
                == #"expected a whole number, found the value of "a${COUNT}""#)
        #expect(
            Policy.reading("alow", written: "${POLICY}")
                == #"expected one of "local", "allow", "deny", found the value of "${POLICY}""#)
    }

    @Test("a long value is cut short in an error")
    func abbreviation() {
        let found = Int.reading(.string(String(repeating: "x", count: 1000)))
        #expect(found.count < 100 && found.hasSuffix("…\""))
    }

    @Test("what is written is read back", arguments: 0..<200)
    func roundTrip(_ number: Int) throws {
        let milliseconds = number * number * 997 + 1
        let duration = Duration.milliseconds(milliseconds)
        #expect(try Duration(setting: ConfigurationValue(duration.settingJSON)) == duration)
        let size = ByteSize(bytes: number << (number % 40))
        #expect(try ByteSize(setting: ConfigurationValue(size.settingJSON)) == size)
        let share = Double(number) / 7
        #expect(try Double(setting: ConfigurationValue(share.settingJSON)) == share)
    }
}
