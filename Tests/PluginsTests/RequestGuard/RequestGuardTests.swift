import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("request-guard")
struct RequestGuardTests {
    private let proxy = TestProxy()

    private func add(_ config: String, mode: TestProxy.Mode = .enforce) throws {
        try proxy.add(RequestGuard.self, config, mode: mode)
    }

    /// The `message` of the answer's error.
    private func message(_ result: TestResult) -> String {
        let value = JSONReader.read(Array(result.body.utf8)).value
        let error = value?.object?.first { $0.name == "error" }?.value.object
        return error?.first { $0.name == "message" }?.value.string ?? ""
    }

    @Test("a method that is not on the list is refused, and the answer says which are")
    func methods() async throws {
        try add(#"{ "methods": ["GET", "POST"] }"#)
        for method in ["GET", "POST"] { #expect(try await proxy.send(method).status == 200) }
        let refused = try await proxy.send("PUT")
        #expect(refused.status == 405)
        #expect(refused.reason == "method_not_allowed")
        #expect(refused.headers["allow"] == "GET, POST")
        #expect(
            message(refused) == "The method PUT is not accepted here; expected GET, POST.")
        #expect(refused.sent == nil)
    }

    @Test("no method stands for another: not GET for HEAD, not any for OPTIONS, not by case")
    func noAdditions() async throws {
        try add(#"{ "methods": ["GET"] }"#)
        for method in ["HEAD", "OPTIONS", "get", "GETS", "GE", "TRACE", "X-CUSTOM"] {
            #expect(try await proxy.send(method).status == 405, "\(method)")
        }
    }

    @Test("a client's words come back in part only")
    func longMethod() async throws {
        try add(#"{ "methods": ["GET"] }"#)
        let refused = try await proxy.send(String(repeating: "X", count: 5000))
        #expect(message(refused).utf8.count < 200)
    }

    @Test(
        "bodies are of an accepted type, whatever its case and parameters",
        arguments: [
            ("application/json", true), ("Application/JSON", true),
            ("application/json; charset=utf-8", true), (" \tapplication/json\t ;x=\"a/b\"", true),
            ("application/problem+json", true), ("text/plain", true), ("TEXT/CSV", true),
            ("application/jsonp", false), ("application/xml", false), ("application/+json", true),
            ("application/json, text/plain", false), ("application", false),
            ("application/", false),
            ("/json", false), ("", false), (";", false), ("application/json/x", false),
            ("application /json", false), ("image/png", false), ("text /plain", false),
        ])
    func contentTypes(type: String, isAccepted: Bool) async throws {
        try add(#"{ "contentTypes": ["application/json", "application/*+json", "text/*"] }"#)
        let result = try await proxy.send("POST", headers: ["content-type": type], body: "x")
        #expect(result.status == (isAccepted ? 200 : 415))
        #expect(result.reason == (isAccepted ? nil : "unsupported_content_type"))
        if !isAccepted {
            #expect(result.headers["accept"] == "application/json, application/*+json, text/*")
        }
    }

    @Test(
        "a refusal names the type that was sent, or says that there was none, and what is expected")
    func contentTypeMessages() async throws {
        try add(#"{ "contentTypes": ["application/json"] }"#)
        let other = try await proxy.send("POST", headers: ["content-type": "a/b; c=d"], body: "x")
        #expect(
            message(other)
                == "The content type a/b; c=d is not accepted here; expected application/json."
        )
        let none = try await proxy.send("POST", body: "x")
        #expect(none.status == 415)
        #expect(
            message(none)
                == "The request has a body, and no Content-Type; expected application/json.")
    }

    @Test("requests without a body are not asked for its type, those of unknown length are")
    func withoutBody() async throws {
        try add(#"{ "contentTypes": ["application/json"] }"#)
        #expect(try await proxy.send("GET").status == 200)
        #expect(try await proxy.send("POST", headers: ["content-type": "a/b"]).status == 200)
        let chunked = try await proxy.send(
            "POST", headers: ["transfer-encoding": "chunked", "content-type": "a/b"], body: "x")
        #expect(chunked.status == 415)
    }

    @Test("of several types each must be accepted, because nobody knows which one counts upstream")
    func severalTypes() async throws {
        try add(#"{ "contentTypes": ["application/json"] }"#)
        for types in [("application/json", "a/b"), ("a/b", "application/json")] {
            let result = try await proxy.send(
                "POST", headers: ["content-type": types.0, "Content-Type": types.1], body: "x")
            #expect(result.status == 415)
        }
        let same = try await proxy.send(
            "POST",
            headers: [
                "content-type": "application/json", "x": "y",
                "content-type": "application/json",
            ], body: "x")
        #expect(same.status == 200)
    }

    @Test("any type that is one is accepted where the operator says so")
    func anyType() async throws {
        try add(#"{ "contentTypes": ["*/*"] }"#)
        for (type, status) in [("a/b", 200), ("a", 415), ("a/b, c/d", 415)] {
            let result = try await proxy.send("POST", headers: ["content-type": type], body: "x")
            #expect(result.status == status, "\(type)")
        }
        #expect(try await proxy.send("POST", body: "x").status == 415)
    }

    @Test("a required field must be there, and not empty")
    func requiredHeaders() async throws {
        try add(#"{ "requiredHeaders": ["X-Team", "x-purpose"] }"#)
        let whole = try await proxy.send(headers: ["x-team": "a", "X-Purpose": "b"])
        #expect(whole.status == 200)
        let refused = try await proxy.send(headers: ["x-team": "a"])
        #expect(refused.status == 400)
        #expect(refused.reason == "missing_header")
        #expect(
            message(refused) == "The field x-purpose is missing or empty; it is required here.")
        #expect(try await proxy.send(headers: ["x-team": "", "x-purpose": "b"]).status == 400)
    }

    @Test("path and query have sizes of their own")
    func lengths() async throws {
        try add(#"{ "path": 5, "query": 3 }"#)
        #expect(try await proxy.send("GET", "/1234?abc").status == 200)
        let path = try await proxy.send("GET", "/12345")
        #expect(path.status == 414)
        #expect(path.reason == "path_too_long")
        #expect(message(path) == "The request's path has 6 bytes; at most 5 are accepted here.")
        let query = try await proxy.send("GET", "/?abcd")
        #expect(query.status == 414)
        #expect(query.reason == "query_too_long")
    }

    @Test("a body that announces itself as longer is refused before it comes")
    func announcedBody() async throws {
        try add(#"{ "body": "1KiB" }"#)
        func send(_ count: Int) async throws -> TestResult {
            try await proxy.send("POST", body: BodyRuns([[UInt8](repeating: 1, count: count)]))
        }
        #expect(try await send(1024).status == 200)
        let refused = try await send(1025)
        #expect(refused.status == 413)
        #expect(refused.reason == "body_too_large")
        #expect(refused.sent == nil)
        #expect(
            message(refused) == "The request's body has 1025 bytes; at most 1024 are accepted here."
        )
    }

    @Test("one that does not is refused when more has come", arguments: 1...7)
    func chunkedBody(size: Int) async throws {
        try add(#"{ "body": 8 }"#)
        func send(_ text: String) async throws -> TestResult {
            try await proxy.send(
                "POST", headers: ["transfer-encoding": "chunked"],
                body: BodyRuns(text, cutEvery: size))
        }
        #expect(try await send("12345678").status == 200)
        let refused = try await send("123456789")
        #expect(refused.status == 413)
        #expect(refused.reason == "body_too_large")
        #expect(refused.sent == nil)
    }

    @Test("of two guards the stricter holds, and an observed one is only counted")
    func observed() async throws {
        try proxy.add(RequestGuard.self, #"{ "body": 4 }"#, label: "trial", mode: .observe)
        try proxy.add(RequestGuard.self, #"{ "body": 8 }"#, label: "real")
        for headers: KeyValuePairs<String, String> in [[:], ["transfer-encoding": "chunked"]] {
            let passed = try await proxy.send("POST", headers: headers, body: ["1234", "56"])
            #expect(passed.status == 200)
            #expect(passed.decisions.map(\.plugin) == ["trial"])
            #expect(passed.decisions.map(\.kind) == [.observed])
            let refused = try await proxy.send("POST", headers: headers, body: ["1234", "56789"])
            #expect(refused.status == 413)
            #expect(refused.decisions.map(\.plugin) == ["trial", "real"])
        }
    }

    @Test("what is observed passes, whatever is wrong with it")
    func observedOthers() async throws {
        try add(#"{ "methods": ["GET"] }"#, mode: .observe)
        let result = try await proxy.send("PUT")
        #expect(result.status == 200)
        #expect(result.reason == "method_not_allowed")
    }

    @Test(
        "what makes no sense is an error that says why",
        arguments: [
            (#"{}"#, "nothing to guard"),
            (#"{ "methods": [] }"#, "not empty"),
            (#"{ "methods": ["get"] }"#, #"did you mean "GET""#),
            (#"{ "contentTypes": ["json"] }"#, #"such as "application/json""#),
            (#"{ "contentTypes": ["*/json"] }"#, #"such as "application/json""#),
            (#"{ "contentTypes": ["a/*b*"] }"#, #"such as "application/json""#),
            (#"{ "contentTypes": ["text/plain; charset=utf-8"] }"#, #"did you mean "text/plain""#),
            (#"{ "requiredHeaders": ["x team"] }"#, "field name"),
            (#"{ "path": 0 }"#, "at least 1"),
        ])
    func errors(config: String, words: String) {
        let error = #expect(throws: ConfigurationError.self) { try add(config) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
