import Foundation
import PluginAPI
import Testing

@testable import Plugins

@Suite("Secret members of a recorded text")
struct SecretMembersTests {
    private func shown(_ text: String, _ names: [String] = ["api_key", "password"]) throws -> String
    {
        let buffer = JSONBuffer(capacity: 1)
        buffer.append("\"")
        Array(text.utf8).withUnsafeBufferPointer { SecretMembers(names).append($0, to: buffer) }
        buffer.append("\"")
        return try #require(
            JSONSerialization.jsonObject(
                with: Data(buffer.bytes), options: .fragmentsAllowed) as? String)
    }

    @Test(
        "their strings are replaced, and nothing else is",
        arguments: [
            (#"{"api_key":"x"}"#, #"{"api_key":"[redacted]"}"#),
            (#"{"API_Key" : "x", "b": "y"}"#, #"{"API_Key" : "[redacted]", "b": "y"}"#),
            ("{\"password\":\n\t\"x\"}", "{\"password\":\n\t\"[redacted]\"}"),
            (#"{"password":""}"#, #"{"password":"[redacted]"}"#),
            (#"{"password":"a\\"}"#, #"{"password":"[redacted]"}"#),
            (#"{"password":"a\\\"b","c":"d"}"#, #"{"password":"[redacted]","c":"d"}"#),
            (
                #"[{"a":{"password":"x"}},{"password":"y"}]"#,
                #"[{"a":{"password":"[redacted]"}},{"password":"[redacted]"}]"#
            ),
            (
                "data: {\"api_key\":\"x\"}\n\ndata: {\"api_key\":\"y\"}\n\n",
                "data: {\"api_key\":\"[redacted]\"}\n\ndata: {\"api_key\":\"[redacted]\"}\n\n"
            ),
            // Cut off.
            (#"{"password":"hunt"#, #"{"password":"[redacted]"#),
            (#"{"password":""#, #"{"password":"[redacted]"#),
            (#"{"password":"a\"#, #"{"password":"[redacted]"#),
            (#"{"password":"#, #"{"password":"#),
            (#"{"passw"#, #"{"passw"#),
            // Text that is no JSON does not hide what follows on another line.
            ("5\" disks\n{\"password\":\"x\"}", "5\" disks\n{\"password\":\"[redacted]\"}"),
            // A secret over several lines is none that JSON allows, and is not shown either.
            ("{\"password\":\"x\ny\",\"a\":\"b\"}", "{\"password\":\"[redacted]\",\"a\":\"b\"}"),
            // No members of that name.
            (#"{"passwords":"x"}"#, #"{"passwords":"x"}"#),
            (#"["password","x"]"#, #"["password","x"]"#),
            (#"{"a":"password","b":"x"}"#, #"{"a":"password","b":"x"}"#),
            (#"{"a":"\"password\":","b":"x"}"#, #"{"a":"\"password\":","b":"x"}"#),
            // No strings.
            (#"{"password":12,"a":"b"}"#, #"{"password":12,"a":"b"}"#),
            (#"{"password":["x"],"a":"b"}"#, #"{"password":["x"],"a":"b"}"#),
            ("", ""), ("\"", "\""), ("\\", "\\"), ("\"\\", "\"\\"),
            ("é\"password\":\"é\"é", "é\"password\":\"[redacted]\"é"),
        ])
    func replaced(text: String, expected: String) throws {
        #expect(try shown(text) == expected)
    }

    @Test("without names nothing is replaced")
    func none() throws {
        #expect(try shown(#"{"password":"x"}"#, []) == #"{"password":"x"}"#)
    }

    @Test(
        "wherever a text is cut off, no part of a secret is shown, and what is shown is its beginning"
    )
    func cut() throws {
        let secret = #"S3"\cr\"et"#
        let text =
            #"{"a":"b","password": "\#(secret.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))","c":["d"]}"#
        for count in 0...text.utf8.count {
            let part = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            let shown = try shown(part)
            #expect(!shown.contains("S"), "\(part)")
            let visible = shown.replacing("[redacted]", with: "")
            #expect(visible.hasPrefix(String(part.prefix { $0 != "S" })), "\(part)")
        }
    }

    @Test("any bytes make valid JSON")
    func random() throws {
        let pieces = ["\"", "\\", ":", "password", "api_key", " ", "\n", "{", "é", "x", ","]
        var random = SplitMix64(seed: 11)
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
                pieces.randomElement(using: &random)!
            }.joined()
            _ = try shown(text)
        }
    }
}
