import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("A fingerprint")
struct FingerprintTests {
    private static let script: KeyValuePairs = [
        "Host": "api.example.com", "User-Agent": "python-requests/2.32.3",
        "Accept-Encoding": "gzip, deflate", "Accept": "*/*", "Authorization": "Bearer sk-1",
        "Content-Type": "application/json", "Content-Length": "300",
    ]

    private static func fingerprint(
        _ headers: KeyValuePairs<String, String>, ignored: [HeaderName] = [],
        values: [HeaderName] = FingerprintLimiter.Configuration().values
    ) -> UInt64 {
        let exchange = TestRequest("POST", "/v1/x", headers: headers).exchange()
        return Fingerprint(ignored: ignored, values: values).value(of: exchange.request)
    }

    /// The script's fields after a change to the list of them.
    private static func changed(
        _ change: (inout [(String, String)]) -> Void, ignored: [HeaderName] = [],
        values: [HeaderName] = FingerprintLimiter.Configuration().values
    ) -> UInt64 {
        var fields = script.map { ($0.key, $0.value) }
        change(&fields)
        let exchange = TestRequest("POST", "/v1/x").exchange()
        for (name, value) in fields { exchange.request.headers.append(HeaderName(name)!, value) }
        return Fingerprint(ignored: ignored, values: values).value(of: exchange.request)
    }

    private static func set(_ name: String, _ value: String) -> (inout [(String, String)]) -> Void {
        { fields in
            guard let place = fields.firstIndex(where: { $0.0 == name }) else {
                return fields.append((name, value))
            }
            fields[place].1 = value
        }
    }

    @Test("it never changes, for replicas of two versions share a record")
    func golden() {
        #expect(Self.fingerprint(Self.script) == 0xEEE1E675A1B0EC08)
    }

    @Test("the order of the fields tells programs apart")
    func order() {
        #expect(Self.changed { $0.swapAt(2, 3) } != Self.fingerprint(Self.script))
    }

    @Test("the case of a name tells programs apart", arguments: ["user-agent", "Authorization"])
    func letterCase(name: String) {
        let changed = Self.changed { fields in
            let place = fields.firstIndex { $0.0.lowercased() == name.lowercased() }!
            fields[place].0 = fields[place].0.uppercased()
        }
        #expect(changed != Self.fingerprint(Self.script))
    }

    @Test("a field more, a field less or a field twice tells programs apart")
    func names() {
        let fingerprints = [
            Self.fingerprint(Self.script),
            Self.changed { $0.removeLast(2) },
            Self.changed { $0.append(("X-Title", "a")) },
            Self.changed { $0.append(("Accept", "*/*")) },
        ]
        #expect(Set(fingerprints).count == fingerprints.count)
    }

    @Test(
        "the value of a chosen field tells programs apart",
        arguments: [
            "User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "X-Stainless-OS",
            "X-Stainless-Arch", "X-Stainless-Runtime", "X-Stainless-Runtime-Version",
        ])
    func chosenValues(name: String) {
        #expect(Self.changed(Self.set(name, "a")) != Self.changed(Self.set(name, "b")))
    }

    @Test(
        "the value of any other field changes nothing: it is who asks and what for",
        arguments: ["Authorization", "Host", "Content-Type", "X-Api-Key", "X-Title"])
    func otherValues(name: String) {
        #expect(Self.changed(Self.set(name, "a")) == Self.changed(Self.set(name, "b")))
    }

    @Test(
        "what comes and goes with single requests changes nothing",
        arguments: PassingFields.names.map(\.string))
    func passing(name: String) {
        for place in [0, 3, 6] {
            let with = Self.changed { $0.insert((name.uppercased(), "1"), at: place) }
            #expect(with == Self.fingerprint(Self.script))
        }
    }

    @Test("neither method, target nor peer is in it")
    func askedFor() {
        let rule = Fingerprint(ignored: [], values: [])
        let one = TestRequest("GET", "/a", headers: Self.script, peer: "192.0.2.1").exchange()
        let other = TestRequest("POST", "/b?c", headers: Self.script, peer: "2001:db8::1")
            .exchange()
        #expect(rule.value(of: one.request) == rule.value(of: other.request))
    }

    @Test("the operator can ignore a field, and choose a value, of a passing field too")
    func settings() {
        let title = Self.changed({ $0.insert(("X-Title", "a"), at: 0) }, ignored: ["x-title"])
        #expect(title == Self.fingerprint(Self.script))
        let none = Self.changed(Self.set("User-Agent", "a"), values: [])
        #expect(none == Self.fingerprint(Self.script, values: []))
        let cookies = ["a", "b"].map { Self.changed(Self.set("Cookie", $0), values: ["cookie"]) }
        #expect(cookies[0] != cookies[1])
    }

    @Test("a value and a name are not taken for each other")
    func valueOrName() {
        let value = Self.fingerprint(["Accept": "a", "b": ""], values: ["accept"])
        let names = Self.fingerprint(["Accept": "", "a": "", "b": ""], values: ["accept"])
        #expect(value != names)
    }

    @Test("no two of many programs look alike")
    func many() {
        var seen: Set<UInt64> = []
        for number in 0..<20_000 {
            seen.insert(Self.changed(Self.set("User-Agent", "sdk/1.\(number)")))
        }
        #expect(seen.count == 20_000)
    }
}
