import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: an answer that a plugin ends", .timeLimit(.minutes(5)))
struct EndedAnswerTests {
    /// Ends the answer at the run that holds `word`.
    private static func ending(_ label: String, at word: String, with last: String) -> Part {
        .probe(label) {
            $0.responseHead = { $0.response.bodyWillChange() }
            $0.responseBody = { _, run in
                run.text.contains(word) ? .end(Array(last.utf8)) : .pass
            }
        }
    }

    @Test("is whole for the client and for those who come after, and the upstream is left")
    func ended() throws {
        let left = Barrier()
        let second = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            try second.block()
            try connection.send("3\r\ntwo\r\n")
            _ = try connection.end()
            left.open()
        }
        let proxy = try RunningProxy(
            ProxyFile(
                [.probe("a"), Self.ending("b", at: "two", with: "!"), .probe("c")], to: server.port)
        )
        let client = try proxy.connect()
        try client.request()
        _ = try client.head()
        #expect(try client.chunk() == "one")
        second.open()
        #expect(try client.chunk() == "!")
        #expect(try client.chunk() == "")
        try left.block()
        let account = try proxy.stage.account()
        #expect(account.responseBody("a") == [Run("one"), Run("!", isLast: true)])
        #expect(account.responseBody("c") == [Run("one"), Run("two")])
        #expect(account.ending.outcome.status == 200)
        #expect(account.ending.outcome.aborted == nil)
        // The connection is good for another request.
        #expect(client.end == nil)
    }

    @Test("must have been announced as one that changes")
    func unannounced() throws {
        let server = try ScriptedServer.answering("hello")
        let proxy = try RunningProxy(
            ProxyFile([.probe("a") { $0.responseBody = { _, _ in .end([]) } }], to: server.port))
        let client = try proxy.connect()
        try client.request()
        _ = try client.head()
        _ = try client.rest()
        #expect(try proxy.stage.account().ending.outcome.aborted == .proxy)
    }
}
