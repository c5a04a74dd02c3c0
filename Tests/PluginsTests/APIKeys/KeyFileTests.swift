import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("A file of keys")
struct KeyFileTests {
    private let folder: TemporaryFolder
    private let proxy: TestProxy
    private static let alice = SHA256("sk-alice").description
    private static let bob = SHA256("sk-bob").description
    private static let carol = SHA256("sk-carol").description

    init() throws {
        folder = try TemporaryFolder()
        proxy = TestProxy(folder: folder.path)
    }

    @discardableResult
    private func add(_ text: String, beside: String = "") throws -> APIKeys {
        try folder.write(text, to: "keys.txt")
        return try proxy.add(APIKeys.self, #"{ "file": "keys.txt"\#(beside) }"#)
    }

    /// What is wrong with a file.
    private func error(_ text: String, beside: String = "") -> String {
        let error = #expect(throws: ConfigurationError.self) { try add(text, beside: beside) }
        return error?.description ?? ""
    }

    @Test("each line is a key, with whose it is and on what terms")
    func lines() async throws {
        try add(
            """
            # hash identity terms
            \(Self.alice) alice

            \t\(Self.bob.uppercased())  bob\ttier=gold limits=60/m,1000/h models=gpt-4o*,o3 \
            routes=test,rest expires=2026-12-31T23:59:59Z # until the end of the year\r
              # the end
            """)
        let first = try await proxy.send(headers: ["x-api-key": "sk-alice"])
        #expect(first[Facts.identity] == "alice")
        #expect(first[Facts.tier] == nil && first[Facts.ownLimits] == nil)
        let second = try await proxy.send(headers: ["x-api-key": "sk-bob"])
        #expect(second.status == 200)
        #expect(second[Facts.identity] == "bob")
        #expect(second[Facts.tier] == "gold")
        #expect(second[Facts.ownLimits] == [Rate(60, per: .minute), Rate(1000, per: .hour)])
        #expect(second[Facts.allowedModels]?.map(\.description) == ["gpt-4o*", "o3"])
        proxy.time.advance(by: .seconds(365 * 86400))
        #expect(try await proxy.send(headers: ["x-api-key": "sk-bob"]).reason == "key_expired")
    }

    @Test("a number sign within an identity begins no comment")
    func numberSign() async throws {
        try add("\(Self.alice) team#1 #a comment")
        #expect(
            try await proxy.send(headers: ["x-api-key": "sk-alice"])[Facts.identity] == "team#1")
    }

    @Test("keys of the file stand beside those of the configuration")
    func both() async throws {
        try add(
            "\(Self.alice) alice",
            beside: #", "keys": [{ "hash": "\#(Self.bob)", "identity": "bob" }]"#)
        for name in ["alice", "bob"] {
            #expect(
                try await proxy.send(headers: ["x-api-key": "sk-\(name)"])[Facts.identity] == name)
        }
    }

    @Test("an instance that is made anew, as at a reload, reads the file again")
    func reload() async throws {
        let before = try add("\(Self.alice) alice")
        before.start()
        let after = try add("\(Self.bob) bob\n\(Self.carol) carol")
        #expect(proxy.metrics["api_keys_loaded"] == 1)
        after.start()
        func identity(_ plugin: APIKeys, _ key: String) -> String? {
            let exchange = TestRequest(headers: ["x-api-key": key]).exchange()
            _ = plugin.request(exchange)
            return exchange[Facts.identity]
        }
        #expect(identity(before, "sk-alice") == "alice" && identity(before, "sk-bob") == nil)
        #expect(identity(after, "sk-alice") == nil && identity(after, "sk-bob") == "bob")
        #expect(proxy.metrics["api_keys_loaded"] == 2)
    }

    @Test("an empty file has no keys, and every key is refused")
    func empty() async throws {
        try add("# all revoked\n")
        #expect(try await proxy.send(headers: ["x-api-key": "sk-alice"]).reason == "invalid_key")
    }

    @Test(
        "a wrong line is told with its number, its column and what was expected",
        arguments: [
            (
                "\n\(alice)",
                #"keys.txt:2:65: identity: expected a name without white space such as "alice", "#
                    + "found the end of the line"
            ),
            (
                "\(alice)  -",
                #"keys.txt:1:67: identity: expected a name without white space such as "alice", "#
                    + #"found "-""#
            ),
            (
                "\(alice) zoë limits=60/m,x",
                #"keys.txt:1:82: limits: expected a rate such as "60/m", found "x""#
            ),
            (
                "\(alice) alice limits=",
                #"keys.txt:1:79: limits: expected a rate such as "60/m", found """#
            ),
            (
                "\(alice) alice models=a,,b",
                #"keys.txt:1:81: models: expected a pattern such as "gpt-4o*", found """#
            ),
            (
                "\(alice) alice tier=",
                #"keys.txt:1:77: tier: expected a name without white space such as "alice", "#
                    + #"found """#
            ),
            (
                "\(alice) alice expires=2026-12-31",
                #"keys.txt:1:80: expires: expected a time such as "2026-12-31T23:59:59Z", "#
                    + #"found "2026-12-31"; did you mean "2026-12-31T00:00:00Z"?"#
            ),
            ("\(alice) alice tier=a tier=b", "keys.txt:1:79: term: tier= stands twice"),
        ])
    func wrongLines(text: String, message: String) {
        #expect(error(text) == "1:11: file: \(message)")
    }

    @Test(
        "a key that stands as it is is not repeated, wherever it stands",
        arguments: [
            ("sk-secret alice", "1:1: hash"), ("sk-secret", "1:1: hash"),
            ("alice sk-secret", "1:1: hash"), ("\(alice) alice sk-secret", "1:72: term"),
            ("\(alice) alice key=sk-secret", "1:72: term"),
            ("\(alice) alice sk-secret==", "1:72: term"),
        ])
    func clearText(text: String, place: String) {
        let error = error(text)
        #expect(error.hasPrefix("1:11: file: keys.txt:\(place): expected "))
        #expect(error.hasSuffix(", found a string that is not shown"))
        #expect(!error.contains("sk-secret"), "\(error)")
    }

    @Test("many wrong lines are told in part and counted")
    func manyErrors() {
        let lines = error(String(repeating: "wrong\n", count: 25)).split(separator: "\n")
        #expect(lines.count == 11)
        #expect(lines.last == "1:11: file: keys.txt: 15 more wrong lines")
    }

    @Test("a file that is not there is told")
    func absent() {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(APIKeys.self, #"{ "file": "none.txt" }"#)
        }
        #expect(
            error?.description
                == #"1:11: file: expected a readable file, found "none.txt": "#
                + "No such file or directory")
    }

    @Test("a key that stands twice is an error that says where")
    func duplicates() {
        #expect(
            error("\(Self.alice) a\n\(Self.bob) b\n\(Self.alice.uppercased()) c")
                == "1:11: file: keys.txt:3:1: the same key stands at keys.txt:1 already; "
                + "take one of them out")
        #expect(
            error(
                "\n\(Self.alice) a",
                beside: #", "keys": [{ "hash": "\#(Self.alice)", "identity": "b" }]"#)
                == "1:11: file: keys.txt:2:1: the same key stands at keys[0] already; "
                + "take one of them out")
    }

    @Test("ten times as many keys take about ten times as long to read, and memory is bounded")
    func many() throws {
        func text(_ count: Int) -> String {
            (0..<count).map { number in
                let digits = String(1_000_000 + number) + String(repeating: "0", count: 57)
                let hash = number % 10_000 == 0 ? SHA256("sk-\(number)").description : digits
                return "\(hash) user-\(number)@example.com tier=gold limits=60/m,1000/h\n"
            }.joined()
        }
        let (few, many) = (text(10_000), text(100_000))
        let clock = ContinuousClock()
        let short = try clock.measure { try add(few) }
        let before = Self.residentBytes()
        var plugin: APIKeys?
        let long = try clock.measure { plugin = try add(many) }
        #expect(long < short * 30, "\(short), \(long)")
        // In a release build it is less than a tenth of this, under a sanitizer several times as much.
        #expect(Self.residentBytes() - before < 1 << 30)
        for number in [0, 90_000] {
            let exchange = TestRequest(headers: ["x-api-key": "sk-\(number)"]).exchange()
            _ = plugin?.request(exchange)
            #expect(exchange[Facts.identity] == "user-\(number)@example.com")
        }
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }
}
