import PluginAPI
import Testing

@testable import Proxy

/// A way in which an exchange ends, and what its plugins are to learn of it.
///
/// The chain is `a` and `b` at the top level, and `c` of the route.
struct WayToEnd: Sendable, CustomTestStringConvertible {
    let testDescription: String

    /// What takes the place of the entry with its label.
    var part: Part?
    var change: @Sendable (inout ProxyFile) -> Void = { _ in }
    var upstream: ScriptedServer.Script = { connection in
        while try connection.request() != nil { try connection.answer("hello") }
    }
    /// What happens. The answer, if there is one.
    var act: @Sendable (RunningProxy) throws -> SeenAnswer? = { try $0.ask() }
    var path = "/"

    // What is expected
    var asked = ["a", "b", "c"]
    var answered = ["c", "b", "a"]
    var completing = ["c", "b", "a"]
    var status = 200
    var aborted: Outcome.Party?
    var bytesIn = 0
    /// Nil: those of the answer that the client saw.
    var bytesOut: Int?
    var attempts = 1
    var hasError = false
    var decided: [String] = []
    /// The `code` of the proxy's own error.
    var code: String?

    init(_ description: String, _ change: (inout WayToEnd) -> Void = { _ in }) {
        testDescription = description
        change(&self)
    }

    /// A file with the chain.
    func file(to port: UInt16) -> ProxyFile {
        func place(_ label: String) -> Part {
            part?.label == label ? part! : .probe(label)
        }
        var file = ProxyFile([place("a"), place("b")], route: [place("c")], to: port)
        change(&file)
        return file
    }

    static let all = ofAnswers + ofRefusals + ofClients + ofUpstreams + ofDrains + ofPlugins
}

extension WayToEnd {
    /// The upstream answers.
    private static let ofAnswers: [WayToEnd] = [
        WayToEnd("the upstream answers") { $0.bytesOut = 5 },
        WayToEnd("the upstream answers a request with a body") {
            $0.act = { try $0.ask("POST /", [], "12345678") }
            $0.bytesIn = 8
            $0.bytesOut = 5
        },
        WayToEnd("the upstream answers a request with chunks") {
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request("POST /", ["Transfer-Encoding: chunked"])
                try client.send("3\r\n123\r\n5\r\n45678\r\n0\r\n\r\n")
                return try client.answer()
            }
            $0.bytesIn = 8
            $0.bytesOut = 5
        },
        WayToEnd("the upstream answers HEAD") {
            $0.upstream = { connection in
                _ = try connection.request()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                _ = try connection.request()
            }
            $0.act = { try $0.ask("HEAD /") }
            $0.bytesOut = 0
        },
        WayToEnd("the upstream answers with an error") {
            $0.upstream = { connection in
                _ = try connection.request()
                try connection.answer("sorry", status: "503 Service Unavailable")
            }
            $0.status = 503
            $0.bytesOut = 5
        },
        WayToEnd("the upstream answers before it has the whole request") {
            $0.upstream = { connection in
                _ = try connection.head()
                var part: [UInt8] = []
                _ = try connection.read(3, into: &part)
                try connection.answer("enough")
                _ = try connection.end()
            }
            $0.act = { proxy in
                let client = try proxy.connect()
                try client.request("POST /", ["Content-Length: 100"])
                try client.send("123")
                return try client.answer()
            }
            $0.bytesIn = 3
            $0.bytesOut = 6
        },
    ]
}
