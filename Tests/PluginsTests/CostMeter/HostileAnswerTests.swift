import Foundation
import PluginAPI
import Testing

@testable import Plugins

@Suite("Answers that would deceive")
struct HostileAnswerTests {
    private func usage(_ text: String, isStream: Bool = false) -> TokenUsage? {
        UsageReport.reading(text, isStream: isStream).numbers.usage
    }

    private static let real = #""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#
    private static let counted = TokenUsage(input: 3, output: 4, total: 7)

    @Test(
        "a usage object elsewhere is not the answer's",
        arguments: [
            #"{"choices":[{"message":{"content":"{\"usage\":{\"prompt_tokens\":1}}"}}]}"#,
            #"{"choices":[{"message":{"usage":{"prompt_tokens":1,"completion_tokens":1}}}]}"#,
            #"{"choices":[{"message":{"tool_calls":[{"function":{"arguments":{"usage":{"prompt_tokens":1}}}}]}}]}"#,
            #"{"metadata":{"usage":{"prompt_tokens":1,"completion_tokens":1}}}"#,
            #"[{"usage":{"prompt_tokens":1,"completion_tokens":1}}]"#,
            #"{"usage":[{"prompt_tokens":1,"completion_tokens":1}]}"#,
            #"{"usage":"{\"prompt_tokens\":1}"}"#,
            #"{"x":"\\","usage\u0020":{"prompt_tokens":1}}"#,
            #"{"usage":{"nested":{"prompt_tokens":1}}}"#,
        ])
    func elsewhere(text: String) {
        #expect(usage(text) == nil)
        let both = String(text.dropLast()) + "," + Self.real + "}"
        if text.hasPrefix("{") { #expect(usage(both) == Self.counted) }
        #expect(usage("data: \(text)\n\n", isStream: true) == nil)
    }

    @Test("of members of one name the last counts, as where a whole text is read")
    func duplicates() {
        #expect(
            usage(#"{"usage":{"prompt_tokens":1,"completion_tokens":9},\#(Self.real)}"#)
                == Self.counted)
        #expect(usage(#"{\#(Self.real),"usage":null}"#) == nil)
        #expect(usage(#"{\#(Self.real),"usage":{}}"#) == nil)
        #expect(
            usage(
                #"{"usage":{"prompt_tokens":1,"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#
            )
                == Self.counted)
        #expect(
            usage(
                #"{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":2},"prompt_tokens_details":{}}}"#
            ) == Self.counted)
        #expect(
            usage(#"{"us\u0061ge":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#)
                == Self.counted)
    }

    @Test("numbers that are none, or out of all bounds, are missing")
    func numbers() {
        for number in [
            "-1", "1.5", "\"3\"", "null", "true", "[3]", "{}", "1e400", "99999999999999999999",
            "0x3", "1e-9",
        ] {
            let found = usage(#"{"usage":{"prompt_tokens":\#(number),"completion_tokens":4}}"#)
            #expect(found?.input == nil, "\(number)")
        }
        #expect(UsageReport.reading(#"{"usage":{"cost":-1}}"#).numbers.cost == nil)
        #expect(UsageReport.reading(#"{"usage":{"cost":"1"}}"#).numbers.cost == nil)
    }

    @Test("deep nesting and huge strings cost nothing and hide nothing")
    func depth() {
        let deep = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
        let objects =
            String(repeating: #"{"usage":"#, count: 50_000) + "1"
            + String(repeating: "}", count: 50_000)
        let long = String(repeating: "\\\"usage\\\":{", count: 100_000)
        #expect(
            usage(#"{"x":\#(deep),"y":\#(objects),"z":"\#(long)",\#(Self.real)}"#) == Self.counted)
        let name = String(repeating: "usage", count: 10_000)
        #expect(usage(#"{"\#(name)":1,\#(Self.real)}"#) == Self.counted)
        #expect(usage(#"{"model":"\#(name)",\#(Self.real)}"#) == Self.counted)
        #expect(
            usage(#"{"usage":{"prompt_tokens":\#(String(repeating: "9", count: 10_000))}}"#) == nil)
    }

    @Test("a text that is broken where it matters gives nothing, and the next event counts again")
    func broken() {
        for text in [
            #"{"usage":{"prompt_tokens":3,"completion_tokens":4"#,
            #"{"usage" {"prompt_tokens":3}}"#,
            #"{"model":"a\u00zz",\#(Self.real)}"#, "{\"model\":\"a\nb\",\(Self.real)}",
            #"{,\#(Self.real)}"#,
            #"{"a":1 \#(Self.real)}"#, #"{"usage":{"prompt_tokens":3}]}"#,
        ] {
            #expect(usage("data: \(text)\n\n", isStream: true) == nil, "\(text)")
            #expect(
                usage("data: \(text)\n\ndata: {\(Self.real)}\n\n", isStream: true) == Self.counted,
                "\(text)")
        }
    }

    @Test("a usage object that is whole counts, though the connection breaks right behind it")
    func brokenBehind() {
        #expect(usage("{\(Self.real)") == Self.counted)
        #expect(usage("{\(Self.real.dropLast())") == nil)
    }

    @Test("events whose data has several lines are read as one text")
    func severalLines() {
        #expect(
            usage(
                "data: {\"choices\":[],\ndata: \"usage\":\ndata:{\"prompt_tokens\":3,\"completion_tokens\":4,\ndata:\"total_tokens\":7}}\n\n",
                isStream: true) == Self.counted)
        #expect(usage("data: {\"usage\":{\"prompt_to\ndata: kens\":3}}\n\n", isStream: true) == nil)
        #expect(
            usage("data: {\"usage\":{\"prompt_tokens\":3\ndata: 4}}\n\n", isStream: true) == nil)
    }

    @Test("lines that are no data are not read")
    func otherLines() {
        for line in [
            "event: {\(Self.real)}", ": {\(Self.real)}", "dat: {\(Self.real)}",
            "data {\(Self.real)}",
            "datas: {\(Self.real)}", " data: {\(Self.real)}", "{\(Self.real)}",
        ] {
            #expect(usage("\(line)\n\n", isStream: true) == nil, "\(line)")
        }
    }

    /// Random texts of the names that matter, in random places.
    private struct RandomText {
        var random: SplitMix64

        mutating func value(depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 0 ? 10 : 6), using: &random) {
            case 0: return "null"
            case 1: return Bool.random(using: &random) ? "true" : "false"
            case 2, 3: return "\(Int.random(in: 0...999, using: &random))"
            case 4, 5: return string()
            case 6: return "[" + list(depth: depth).joined(separator: ",") + "]"
            default: return object(depth: depth)
            }
        }

        mutating func object(depth: Int) -> String {
            // Without two of one name, of which Foundation keeps another one.
            let names = Set(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    Self.names.randomElement(using: &random)!
                })
            let members = names.sorted().map {
                "\(space())\"\($0)\"\(space()):\(space())\(value(depth: depth - 1))"
            }
            return "{" + members.joined(separator: ",") + space() + "}"
        }

        private mutating func list(depth: Int) -> [String] {
            (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth - 1) }
        }

        private mutating func string() -> String {
            ["\"\"", "\"a\"", #""usage""#, #""{\"usage\":{}}""#, #""\\\\""#, "\"é\\u00e9 []{}\""]
                .randomElement(using: &random)!
        }

        private mutating func space() -> String {
            ["", "", "", " ", "\t", "\n", "\r\n  "].randomElement(using: &random)!
        }

        private static let names = [
            "usage", "prompt_tokens", "completion_tokens", "total_tokens", "choices", "delta",
            "message", "x",
            "prompt_tokens_details", "cached_tokens", "response", "model",
        ]
    }

    @Test("what is read of random texts is what a whole parser finds there")
    func againstAParser() throws {
        var text = RandomText(random: SplitMix64(seed: 77))
        var found = 0
        for _ in 0..<20_000 {
            let json = text.object(depth: 4)
            let parsed = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            // The places beside the outermost usage are another test's.
            guard parsed?["response"] == nil, parsed?["message"] == nil, parsed?["choices"] == nil
            else { continue }
            let usage = parsed?["usage"] as? [String: Any]
            func number(_ name: String, in object: [String: Any]?) -> Int? {
                guard let value = object?[name] as? NSNumber, CFGetTypeIDIsBool(value) == false
                else { return nil }
                return value.intValue
            }
            let report = UsageReport.reading(json).numbers.usage
            let expected = (
                number("prompt_tokens", in: usage), number("completion_tokens", in: usage),
                number("cached_tokens", in: usage?["prompt_tokens_details"] as? [String: Any])
                    ?? number("cached_tokens", in: usage)
            )
            if report != nil { found += 1 }
            #expect(report?.input == expected.0, "\(json)")
            #expect(report?.output == expected.1, "\(json)")
            #expect(report?.cached == expected.2, "\(json)")
        }
        #expect(found > 50)
    }

    private func CFGetTypeIDIsBool(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }
}
