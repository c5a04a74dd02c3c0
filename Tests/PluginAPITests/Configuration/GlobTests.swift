import PluginAPI
import Testing

@Suite("Patterns of names")
struct GlobTests {
    @Test(
        "a name matches as a whole",
        arguments: [
            ("gpt-4o", ["gpt-4o"], ["", "gpt-4", "gpt-4o-mini", "GPT-4O", "xgpt-4o"]),
            ("gpt-4o*", ["gpt-4o", "gpt-4o-mini"], ["gpt-4", "a-gpt-4o"]),
            ("*-mini", ["-mini", "gpt-4o-mini", "a-mini-mini"], ["mini", "gpt-mini-x"]),
            ("*", ["", "anything", "*"], []),
            ("a*b*c", ["abc", "aXbYc", "abcbc", "abbcc"], ["ab", "ac", "abcd", "acb"]),
            ("a**b", ["ab", "aXb"], ["a", "b"]),
            ("openai/*", ["openai/gpt-4o", "openai/"], ["openai"]),
            ("o[13].?", ["o[13].?"], ["o1.x", "o3.?"]),
        ])
    func matches(pattern: String, those: [String], others: [String]) throws {
        let glob = try #require(Glob(pattern))
        for name in those { #expect(glob.matches(name), "\(name)") }
        for name in others { #expect(!glob.matches(name), "\(name)") }
    }

    @Test("random names and patterns agree with a definition that is too simple to be fast")
    func agreesWithTheDefinition() throws {
        func matches(_ name: Substring, _ pattern: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" {
                return matches(name, pattern.dropFirst())
                    || !name.isEmpty && matches(name.dropFirst(), pattern)
            }
            return name.first == first && matches(name.dropFirst(), pattern.dropFirst())
        }
        func random(_ letters: String, _ lengths: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: lengths)).map { _ in letters.randomElement()! })
        }
        for _ in 0..<20_000 {
            let (name, pattern) = (random("ab", 0...8), random("ab*", 1...6))
            let glob = try #require(Glob(pattern))
            #expect(glob.matches(name) == matches(name[...], pattern[...]), "\(name) \(pattern)")
        }
    }

    @Test("many stars take no longer than the lengths multiplied")
    func bounded() throws {
        let glob = try #require(Glob(String(repeating: "a*", count: 200) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 20_000)))
    }

    @Test("an empty pattern is none")
    func empty() {
        #expect(Glob("") == nil)
        #expect(Glob.reading("") == #"expected a pattern such as "gpt-4o*", found """#)
        #expect(Glob.reading(3) == #"expected a pattern such as "gpt-4o*", found 3"#)
        #expect(Glob.reading("a*") == #""a*""#)
    }
}
