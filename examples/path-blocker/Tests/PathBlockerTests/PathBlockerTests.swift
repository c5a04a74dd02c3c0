import PathBlocker
import PluginTesting
import Testing

@Suite("path-blocker")
struct PathBlockerTests {
    private let proxy = TestProxy()

    init() throws {
        try proxy.add(PathBlocker.self, #"{ "paths": ["/admin"] }"#)
    }

    @Test("a listed path is refused, and the upstream never hears of it")
    func refuses() async throws {
        let result = try await proxy.send("GET", "/admin?page=2")
        #expect(result.status == 403)
        #expect(result.reason == "blocked_path")
        #expect(result.sent == nil)
    }

    @Test("every other path goes upstream")
    func proceeds() async throws {
        proxy.upstream = UpstreamAnswer(200, body: "hello")
        let result = try await proxy.send("GET", "/admin/users")
        #expect(result.status == 200)
        #expect(result.body == "hello")
    }
}
