import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("api-keys")
struct APIKeysTests {
    private static let key = "sk-alice-1f2e3d4c5b6a"
    private let proxy = TestProxy()

    /// A configuration whose first key is alice's.
    private static func config(
        _ terms: String = "", beside: String = "", key: String = Self.key
    ) -> String {
        """
        { "keys": [{ "hash": "\(SHA256(key))", "identity": "alice"\(terms) }]\(beside) }
        """
    }

    private func add(_ terms: String = "", beside: String = "") throws {
        try proxy.add(APIKeys.self, Self.config(terms, beside: beside))
    }

    // MARK: Who is let in

    @Test(
        "a known key is taken for whose it is, in either field",
        arguments: [
            ("Authorization", "Bearer \(key)"), ("authorization", "bearer \(key)"),
            ("AUTHORIZATION", "BEARER    \(key)  "), ("x-api-key", key), ("X-Api-Key", " \(key)"),
        ])
    func known(name: String, value: String) async throws {
        try add()
        let result = try await proxy.send(TestRequest(headers: [name: value]))
        #expect(result.status == 200)
        #expect(result[Facts.identity] == "alice")
        #expect(result[Facts.tier] == nil)
        #expect(result[Facts.ownLimits] == nil)
        #expect(result[Facts.allowedModels] == nil)
    }

    @Test("what the key gives becomes facts")
    func facts() async throws {
        try add(
            #", "tier": "gold", "limits": ["60/m", "1000/h"], "models": ["gpt-4o*", "o3"]"#)
        let result = try await proxy.send(headers: ["authorization": "Bearer \(Self.key)"])
        #expect(result[Facts.identity] == "alice")
        #expect(result[Facts.tier] == "gold")
        #expect(result[Facts.ownLimits] == [Rate(60, per: .minute), Rate(1000, per: .hour)])
        #expect(result[Facts.allowedModels]?.map(\.description) == ["gpt-4o*", "o3"])
    }

    @Test("a forged bearer token of twenty characters is no identity to anybody behind")
    func forged() async throws {
        try add(beside: #", "anonymous": true"#)
        let result = try await proxy.send(headers: ["authorization": "Bearer aaaaaaaaaaaaaaaaaaaa"])
        #expect(result.status == 401)
        #expect(result[Facts.identity] == nil)
        #expect(result.sent == nil)
    }

    @Test("a key that differs in one character, wherever it is, is another")
    func differsInOneCharacter() async throws {
        try add()
        for index in Self.key.utf8.indices {
            var other = Array(Self.key.utf8)
            other[Self.key.utf8.distance(from: Self.key.startIndex, to: index)] ^= 1
            let result = try await proxy.send(
                headers: ["x-api-key": String(decoding: other, as: UTF8.self)])
            #expect(result.reason == "invalid_key")
        }
        #expect(try await proxy.send(headers: ["x-api-key": Self.key + "a"]).status == 401)
        #expect(
            try await proxy.send(headers: ["x-api-key": String(Self.key.dropLast())]).status == 401)
    }

    @Test("two keys that differ in the last character are told apart")
    func lastCharacter() async throws {
        try proxy.add(
            APIKeys.self,
            """
            { "keys": [{ "hash": "\(SHA256("sk-team-000a"))", "identity": "a" },
                       { "hash": "\(SHA256("sk-team-000b"))", "identity": "b" }] }
            """)
        for name in ["a", "b"] {
            let result = try await proxy.send(headers: ["x-api-key": "sk-team-000\(name)"])
            #expect(result[Facts.identity] == name)
        }
        #expect(try await proxy.send(headers: ["x-api-key": "sk-team-000c"]).status == 401)
    }

    @Test("the hash of a key is not a key")
    func hashAsKey() async throws {
        try add()
        let result = try await proxy.send(headers: ["x-api-key": "\(SHA256(Self.key))"])
        #expect(result.reason == "invalid_key")
    }

    @Test("a key longer than 4096 bytes is refused, one of that length is read")
    func longest() async throws {
        let key = String(repeating: "k", count: APIKeys.longestKey)
        try proxy.add(APIKeys.self, Self.config(key: key))
        #expect(try await proxy.send(headers: ["x-api-key": key]).status == 200)
        try proxy.add(APIKeys.self, Self.config(key: key + "k"), label: "longer")
        #expect(try await proxy.send(headers: ["x-api-key": key + "k"]).reason == "invalid_key")
    }

    // MARK: Who is not

    @Test("without a key the client is told how to send one, in the form its library parses")
    func missing() async throws {
        try add()
        let result = try await proxy.send()
        #expect(result.status == 401)
        #expect(result.headers["www-authenticate"] == #"Bearer realm="sluice""#)
        #expect(
            result.body.hasPrefix(
                #"{"error":{"message":"No API key was sent; send it as Authorization: Bearer KEY.","#
                    + #""type":"authentication_error","code":"missing_key","#))
        #expect(result.sent == nil)
    }

    @Test(
        "a field without a key is no key",
        arguments: [
            ("authorization", ""), ("authorization", "Bearer"), ("authorization", "Bearer   "),
            ("x-api-key", ""), ("x-api-key", "  "),
        ])
    func empty(name: String, value: String) async throws {
        try add()
        #expect(
            try await proxy.send(TestRequest(headers: [name: value])).reason == "missing_key")
    }

    @Test("a wrong key is refused without being repeated")
    func invalid() async throws {
        try add()
        let result = try await proxy.send(headers: ["authorization": "Bearer sk-wrong-secret"])
        #expect(result.status == 401)
        #expect(
            result.headers["www-authenticate"] == #"Bearer realm="sluice", error="invalid_token""#)
        #expect(result.body.contains(#""message":"The API key is not valid.""#))
        #expect(result.body.contains(#""code":"invalid_key""#))
        #expect(!result.body.contains("wrong-secret"))
        #expect(!result.headers.fields.contains { $0.value.contains("wrong-secret") })
        #expect(proxy.log.events.isEmpty)
    }

    @Test(
        "another scheme, or none, is no bearer key",
        arguments: [
            "Basic YWxpY2U6c2VjcmV0", key, "Bearer\t\(key)", "Bearer,\(key)", "Bearerx \(key)",
            "Token \(key)", "Bearer=\(key)",
        ])
    func otherScheme(value: String) async throws {
        try add(beside: #", "anonymous": true"#)
        let result = try await proxy.send(TestRequest(headers: ["authorization": value]))
        #expect(result.status == 401)
        #expect(result.reason == "invalid_key")
    }

    @Test("what is ambiguous is refused, even where one of the keys is known")
    func ambiguous() async throws {
        try add(beside: #", "anonymous": true"#)
        let bearer = "Bearer \(Self.key)"
        let heads: [KeyValuePairs<String, String>] = [
            ["authorization": bearer, "Authorization": "Bearer other"],
            ["authorization": bearer, "authorization": bearer],
            ["x-api-key": Self.key, "x-api-key": "other"],
            ["authorization": bearer, "x-api-key": "other"],
            ["authorization": "Bearer other", "x-api-key": Self.key],
            ["authorization": "Basic YTpi", "x-api-key": Self.key],
            ["authorization": "Bearer \(Self.key), Bearer \(Self.key)"],
            ["authorization": "Bearer \(Self.key) \(Self.key)"],
        ]
        for head in heads {
            let result = try await proxy.send(TestRequest(headers: head))
            #expect(result.reason == "invalid_key", "\(head)")
            #expect(result[Facts.identity] == nil)
        }
    }

    @Test("the same key in both fields is one key, and an empty field beside it is none")
    func agreeing() async throws {
        try add()
        let heads: [KeyValuePairs<String, String>] = [
            ["authorization": "Bearer \(Self.key)", "x-api-key": Self.key],
            ["authorization": "Bearer ", "x-api-key": Self.key],
            ["authorization": "Bearer \(Self.key)", "x-api-key": ""],
        ]
        for head in heads {
            let result = try await proxy.send(TestRequest(headers: head))
            #expect(result[Facts.identity] == "alice", "\(head)")
            #expect(result.sent?.headers.names == [])
        }
    }

    // MARK: Expiry

    @Test("a key is good until it expires, by the wall clock")
    func expiry() async throws {
        // The tests' clock begins at 2026-01-01T00:00:00Z.
        try add(#", "expires": "2026-01-01T01:00:30+01:00""#)
        let head: KeyValuePairs = ["x-api-key": Self.key]
        #expect(try await proxy.send(headers: head).status == 200)
        proxy.time.advance(by: .microseconds(29_999_999))
        #expect(try await proxy.send(headers: head).status == 200)
        proxy.time.advance(by: .microseconds(1))
        let result = try await proxy.send(headers: head)
        #expect(result.status == 401)
        #expect(result.reason == "key_expired")
        #expect(result.body.contains(#""message":"The API key has expired.""#))
        #expect(result[Facts.identity] == nil)
    }

    // MARK: Anonymous requests

    @Test("where anonymous requests are allowed, they go on without an identity")
    func anonymous() async throws {
        try add(beside: #", "anonymous": true"#)
        let result = try await proxy.send()
        #expect(result.status == 200)
        #expect(result[Facts.identity] == nil)
        #expect(result[Facts.tier] == nil)
    }

    @Test("anonymous requests may have a tier, which a known key without one does not get")
    func anonymousTier() async throws {
        try add(beside: #", "anonymous": true, "anonymousTier": "free""#)
        #expect(try await proxy.send()[Facts.tier] == "free")
        #expect(try await proxy.send(headers: ["x-api-key": Self.key])[Facts.tier] == nil)
    }

    @Test("a wrong key is refused where no key would have been let in")
    func anonymousWithWrongKey() async throws {
        try add(beside: #", "anonymous": true"#)
        #expect(try await proxy.send(headers: ["x-api-key": "wrong"]).status == 401)
    }

    // MARK: A field of one's own

    @Test("a named field takes the place of both others")
    func namedField() async throws {
        try add(beside: #", "header": "X-Team-Key""#)
        let result = try await proxy.send(
            headers: ["x-team-key": Self.key, "authorization": "Basic YTpi", "x-api-key": "other"])
        #expect(result[Facts.identity] == "alice")
        #expect(result.sent?.headers.names == ["authorization", "x-api-key"])
        let missing = try await proxy.send(headers: ["authorization": "Bearer \(Self.key)"])
        #expect(missing.reason == "missing_key")
        #expect(missing.body.contains("No API key was sent; send it in the field X-Team-Key."))
    }

    @Test("Authorization as the named field is read by its scheme, and x-api-key is not read")
    func authorizationAlone() async throws {
        try add(beside: #", "header": "Authorization""#)
        let result = try await proxy.send(
            headers: ["authorization": "Bearer \(Self.key)", "x-api-key": "other"])
        #expect(result[Facts.identity] == "alice")
        #expect(result.sent?.headers.names == ["x-api-key"])
        #expect(try await proxy.send(headers: ["authorization": Self.key]).status == 401)
    }

    // MARK: What goes upstream

    @Test("the upstream does not see the client's key, unless it is told to")
    func forward() async throws {
        let head: KeyValuePairs = ["accept": "*/*", "authorization": "Bearer \(Self.key)"]
        try add()
        #expect(try await proxy.send(headers: head).sent?.headers.names == ["accept"])
        let open = TestProxy()
        try open.add(APIKeys.self, Self.config(beside: #", "forward": true"#))
        let sent = try await open.send(headers: head).sent
        #expect(sent?.headers["authorization"] == "Bearer \(Self.key)")
    }

    @Test("merely observed, a wrong key is let through as it came, and a known one is taken out")
    func observed() async throws {
        try proxy.add(APIKeys.self, Self.config(), mode: .observe)
        let wrong = try await proxy.send(headers: ["authorization": "Bearer the-upstreams"])
        #expect(wrong.status == 200)
        #expect(wrong.decisions.map(\.kind) == [.observed])
        #expect(wrong[Facts.identity] == nil)
        #expect(wrong.sent?.headers["authorization"] == "Bearer the-upstreams")
        let known = try await proxy.send(headers: ["authorization": "Bearer \(Self.key)"])
        #expect(known.decisions.isEmpty)
        #expect(known.sent?.headers.names == [])
    }

    // MARK: Routes and models

    @Test("a key for other routes is refused, and the record still says whose it is")
    func routes() async throws {
        // The route of tests is called "test".
        try proxy.add(APIKeys.self, Self.config(#", "routes": ["chat", "rest"]"#))
        let result = try await proxy.send(headers: ["x-api-key": Self.key])
        #expect(result.status == 403)
        #expect(result.reason == "route_not_allowed")
        #expect(result.body.contains(#""type":"permission_error""#))
        #expect(result[Facts.identity] == "alice")
        let other = TestProxy()
        try other.add(APIKeys.self, Self.config(#", "routes": ["chat", "test"]"#))
        #expect(try await other.send(headers: ["x-api-key": Self.key]).status == 200)
    }

    /// Stands for a plugin that knows the model.
    private struct ModelField: RequestPhase {
        static let name = "model-field"
        struct Configuration: PluginConfiguration { init() {} }
        init(_ configuration: Configuration, _ setup: Setup) {}
        func request(_ exchange: Exchange) -> Decision {
            exchange[Facts.model] = exchange.request.headers["x-model"]?.string
            return .proceed
        }
    }

    @Test("a model that the key is not for is refused where it is known already")
    func models() async throws {
        try proxy.add(ModelField.self)
        try add(#", "models": ["gpt-4o*", "o3"]"#)
        for model in ["gpt-4o", "gpt-4o-mini", "o3"] {
            let result = try await proxy.send(headers: ["x-api-key": Self.key, "x-model": model])
            #expect(result.status == 200, "\(model)")
        }
        for model in ["gpt-4", "o3-pro", ""] {
            let result = try await proxy.send(headers: ["x-api-key": Self.key, "x-model": model])
            #expect(result.status == 403, "\(model)")
            #expect(result.reason == "model_not_allowed")
        }
    }

    @Test("where the model is not known, the plugin that learns it is told what is allowed")
    func modelsLater() async throws {
        try add(#", "models": ["gpt-4o*"]"#)
        try proxy.add(ModelField.self)
        let result = try await proxy.send(headers: ["x-api-key": Self.key, "x-model": "o3"])
        #expect(result.status == 200)
        #expect(result[Facts.allowedModels]?.contains { $0.matches("o3") } == false)
    }

    // MARK: Settings

    @Test("the number of known keys is a metric once the plugin runs")
    func metric() throws {
        let plugin = try proxy.add(APIKeys.self, Self.config())
        #expect(proxy.metrics["api_keys_loaded"] == nil)
        plugin.start()
        #expect(proxy.metrics["api_keys_loaded", ["plugin": "api-keys"]] == 1)
    }

    @Test("what an instance shows of its settings has neither hash nor key in it")
    func shown() throws {
        let config = #"{ "hash": "\#(SHA256(Self.key))", "identity": "alice", "tier": "gold" }"#
        let plugin = ShownSettings.self
        let shown = try proxy.add(plugin, "{ \"keys\": [\(config)] }").shown
        #expect(shown.contains(#""identity": "alice""#))
        #expect(shown.contains(#""hash": "[redacted]""#))
        #expect(!shown.contains("\(SHA256(Self.key))"))
    }

    /// Keeps what its settings show of themselves.
    private struct ShownSettings: Plugin {
        static let name = "shown-settings"
        typealias Configuration = APIKeys.Configuration
        let shown: String
        init(_ configuration: Configuration, _ setup: Setup) {
            shown = "\(configuration.settingJSON)"
        }
    }

    @Test(
        "wrong settings are told",
        arguments: [
            ("{}", #"no keys: expected some under "keys", or a "file" of them"#),
            (#"{ "keys": [] }"#, #"no keys: expected some under "keys", or a "file" of them"#),
            (
                config(beside: #", "anonymousTier": "free""#),
                #"anonymousTier: a tier of requests without a key needs "anonymous": true"#
            ),
            (
                config(beside: #", "header": "content-length""#),
                #"header: "content-length" frames the body and is written by the proxy itself"#
            ),
            (
                config(#", "limits": ["60 per minute"]"#),
                #"keys[0].limits[0]: expected a rate such as "60/m", found "60 per minute""#
            ),
            (
                config(#", "expires": "2026-12-31""#),
                #"keys[0].expires: expected a time such as "2026-12-31T23:59:59Z", "#
                    + #"found "2026-12-31"; did you mean "2026-12-31T00:00:00Z"?"#
            ),
            (
                config(#", "tiers": "gold""#),
                #"keys[0]: unknown key "tiers"; did you mean "tier"? "#
                    + "(known: hash, identity, tier, limits…)"
            ),
            (
                config(#", "tier": "very good""#),
                #"keys[0].tier: expected a name without white space such as "alice", "#
                    + #"found "very good""#
            ),
            (
                config(#", "models": []"#),
                "keys[0].models: expected a list of patterns that is not empty, "
                    + "found an empty list"
            ),
        ])
    func wrongSettings(config: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(APIKeys.self, config)
        }
        let text = error?.description ?? ""
        #expect(text.hasSuffix(message), "\(text)")
    }

    @Test(
        "a key that stands as it is, wherever, is an error that says how to hash it, not the key",
        arguments: [
            #"{ "keys": [{ "hash": "sk-secret", "identity": "alice" }] }"#,
            #"{ "keys": [{ "key": "sk-secret", "identity": "alice" }] }"#,
            #"{ "keys": [{ "sk-secret": "alice" }] }"#,
            #"{ "keys": ["sk-secret"] }"#,
        ])
    func clearText(config: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(APIKeys.self, config)
        }
        let text = error?.description ?? ""
        #expect(text.contains("keys[0]"))
        #expect(
            text.contains("SHA-256 hash of 64 hexadecimal digits, as `printf %s KEY | sha256sum`"))
        #expect(!text.contains("sk-secret"), "\(text)")
    }

    @Test(
        "where not even the list is one, what stands there is not repeated",
        arguments: [#"{ "keys": "sk-secret" }"#, #"{ "keys": { "sk-secret": "alice" } }"#])
    func noList(config: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(APIKeys.self, config)
        }
        #expect(error?.description.contains("keys: expected a list of objects") == true)
        #expect(error?.description.contains("sk-secret") == false)
    }

    @Test("a key that stands twice is an error that says where")
    func duplicate() {
        let digest = SHA256(Self.key).description
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(
                APIKeys.self,
                """
                { "keys": [{ "hash": "\(digest)", "identity": "a" },
                           { "hash": "\(digest.uppercased())", "identity": "b" }] }
                """)
        }
        #expect(
            error?.description
                == "2:22: keys[1].hash: the same key stands at keys[0] already; "
                + "take one of them out")
    }
}
