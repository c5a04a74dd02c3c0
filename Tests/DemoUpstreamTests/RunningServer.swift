import DemoUpstream
import Foundation
import Testing

/// A server that runs as long as the test holds it.
final class RunningServer: Sendable {
    let server: DemoServer

    init() throws {
        server = try DemoServer(listen: "127.0.0.1:0")
        server.start()
    }

    deinit {
        server.stop()
    }

    func connect() throws -> RawClient {
        try RawClient(server.address)
    }

    /// One request on a connection of its own.
    func answer(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil
    ) throws -> RawAnswer {
        let client = try connect()
        try client.request(method, target, headers: headers, body: body)
        return try client.answer(to: method)
    }

    func chat(_ body: String, headers: [String] = []) throws -> RawAnswer {
        try answer("POST", "/v1/chat/completions", headers: headers, body: body)
    }

    func statistics() throws -> [String: Int] {
        try #require(try answer("GET", "/demo/stats").json() as? [String: Int])
    }

    /// Asks for the counts until they are as expected, for at most ten seconds.
    func awaitStatistics(_ isExpected: ([String: Int]) -> Bool) throws -> [String: Int] {
        let deadline = ContinuousClock.now + .seconds(10)
        var counts = try statistics()
        while !isExpected(counts) && ContinuousClock.now < deadline {
            counts = try statistics()
        }
        return counts
    }
}

let hello = #"{"model":"demo-small","messages":[{"role":"user","content":"Hello there"}]}"#
let helloStream =
    #"{"model":"demo-small","stream":true,"messages":[{"role":"user","content":"Hello there"}]}"#
