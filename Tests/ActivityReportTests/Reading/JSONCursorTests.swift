import Foundation
import Testing

@testable import ActivityReport

@Suite("A JSON cursor")
struct JSONCursorTests {
    /// Whether the bytes are one JSON object and nothing else.
    private func isObject(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            guard !bytes.isEmpty else { return false }
            var cursor = JSONCursor(bytes)
            cursor.skipSpace()
            guard cursor.byte == UInt8(ascii: "{"), (try? cursor.skipValue()) != nil else {
                return false
            }
            cursor.skipSpace()
            return cursor.isAtEnd
        }
    }

    /// Foundation lets a comma stand behind the last element, and refuses numbers that no Double holds;
    /// RFC 8259 says otherwise of both.
    private func isKnownToDiffer(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.firstMatch(of: /,\s*[}\]]|[0-9][eE]\+?[0-9]{3}/) != nil
    }

    private func foundationTakes(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any]
    }

    @Test("takes exactly what Foundation takes, of random JSON and of what is nearly JSON")
    func random() {
        var made = RandomJSON(random: SplitMix64(seed: 17))
        var taken = 0
        for round in 0..<20_000 {
            let text = made.object()
            #expect(isObject(Array(text.utf8)), "\(text)")
            var bytes = made.broken(text)
            if round % 3 == 0 {
                bytes = made.broken(String(decoding: bytes, as: UTF8.self))
            }
            if isKnownToDiffer(bytes) { continue }
            let expected = foundationTakes(bytes)
            taken += expected ? 1 : 0
            #expect(
                isObject(bytes) == expected,
                "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
        // Neither all nor nothing.
        #expect(taken > 1000 && taken < 19_000, "\(taken)")
    }

    @Test(
        "refuses what is no JSON",
        arguments: [
            "", " ", "{", "}", "{}x", "{}{}", "[]", "null", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
            "{,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{\"a\":01}", "{\"a\":1.}",
            "{\"a\":.5}", "{\"a\":+1}", "{\"a\":-}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x1}",
            "{\"a\":NaN}", "{\"a\":nul}", "{\"a\":nulll}", "{\"a\":tru}", "{\"a\":[1,]}",
            "{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
            "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\n\"}", "{\"a\":\"\u{0}\"}", "{\"a\":1}//", "{/**/\"a\":1}",
        ])
    func hostile(text: String) {
        let bytes = Array(text.utf8)
        #expect(!isObject(bytes))
        #expect(isKnownToDiffer(bytes) || !foundationTakes(bytes))
    }

    @Test(
        "refuses what is not UTF-8",
        arguments: [
            [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        let line = Array("{\"a\":\"text".utf8) + bytes + Array("\"}".utf8)
        #expect(!isObject(line))
        #expect(!foundationTakes(line))
    }

    @Test("finds the end of a string wherever it is, at any place in memory")
    func positions() {
        for length in 0..<40 {
            for special in ["", "\\\"", "é", "\u{7F}"] {
                for place in 0...length {
                    var content = String(repeating: "x", count: length)
                    content.insert(
                        contentsOf: special,
                        at: content.index(content.startIndex, offsetBy: place))
                    let text = "{\"a\":\"\(content)\"}"
                    #expect(isObject(Array(text.utf8)), "\(text)")
                    #expect(!isObject(Array(text.utf8.dropLast(2))), "\(text)")
                    #expect(
                        !isObject(Array(text.replacing("x", with: "\u{1F}").utf8)) || length == 0)
                }
            }
        }
    }

    @Test("goes 127 deep and no further")
    func depth() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                ("{\"a\":" + String(repeating: "[", count: depth)
                    + String(repeating: "]", count: depth) + "}").utf8)
        }
        #expect(isObject(nested(127)))
        #expect(!isObject(nested(128)))
        #expect(!isObject(nested(1_000_000)))
    }
}
