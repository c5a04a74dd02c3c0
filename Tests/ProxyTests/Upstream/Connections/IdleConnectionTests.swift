import Testing

@testable import Proxy

@Suite("Connections that are idle", .timeLimit(.minutes(1)))
struct IdleConnectionTests {
    @Test("one that has been idle for too long is closed, and not before")
    func expiry() throws {
        let ended = Watched<[Int]>([])
        let arrived = Watched(0)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                arrived.change { $0 += 1 }
                if request.target == "/both" { try arrived.wait(for: "both") { $0 >= 2 } }
                try connection.answer("\(connection.number)")
            }
            ended.change { $0.append(connection.number) }
        }
        let time = MovedTime()
        let loop = try RunningLoop(.connections, time)
        let target = server.target()
        let both = try (0..<2).map { _ in try loop.start("GET /both", to: target) }
        for call in both { _ = try call.answer() }

        time.move(ConnectionPool.idleTime - .seconds(1))
        try loop.turn()
        // One of the two has been used again, and its time begins anew.
        let kept = Int(try loop.send(to: target).text)!
        time.move(.seconds(2))
        try loop.turn()
        try ended.wait(for: "the other one's end", patience: .seconds(1)) { $0 == [1 - kept] }
        #expect(try loop.send(to: target).text == "\(kept)")

        time.move(ConnectionPool.idleTime + .seconds(1))
        try loop.turn()
        try ended.wait(for: "its end", patience: .seconds(1)) { $0.count == 2 }
        #expect(try loop.send(to: target).text == "2")
    }

    @Test("the one used last is the next one used, so that the others can go")
    func lastFirst() throws {
        let arrived = Watched(0)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                if request.target == "/all" {
                    arrived.change { $0 += 1 }
                    try arrived.wait(for: "all") { $0 >= 4 }
                }
                try connection.answer("\(connection.number)")
            }
        }
        let loop = try RunningLoop(.connections)
        let target = server.target()
        let calls = try (0..<4).map { _ in try loop.start("GET /all", to: target) }
        for call in calls { _ = try call.answer() }
        let first = try loop.send(to: target).text
        for _ in 0..<10 { #expect(try loop.send(to: target).text == first) }
    }

    @Test(
        "no descriptor is left of connections that were made and closed", arguments: [false, true])
    func descriptors(_ isSecure: Bool) throws {
        let nginx = try Nginx(
            Nginx.Server(
                isSecure ? "ssl" : "", "keepalive_requests 1; location / { return 200 hello; }"))
        let loop = try RunningLoop(.connections)
        let target = try nginx.target(isSecure: isSecure)
        for _ in 0..<20 { #expect(try loop.send(to: target).text == "hello") }
        #expect(try Descriptors.areGone(to: nginx.ports[0], loop))
    }

    @Test("TLS that many connections use is each one's own")
    func manySecure() throws {
        let (arrived, count) = (Watched(0), 40)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                arrived.change { $0 += 1 }
                try arrived.wait(for: "all requests of the round") {
                    $0 >= count * Int(request.target.dropFirst())!
                }
                try connection.answer(request.text)
            }
        }
        let nginx = try Nginx(
            Nginx.Server("ssl", "location / { proxy_pass http://127.0.0.1:\(server.port); }"))
        let loop = try RunningLoop(.connections)
        let target = try nginx.target(version: .http1)
        for round in 1...3 {
            let calls = try (0..<count).map {
                try loop.start("POST /\(round)", [], .whole("\(round) \($0)"), to: target)
            }
            for (number, call) in calls.enumerated() {
                #expect(try call.answer().text == "\(round) \(number)")
            }
            #expect(try Descriptors.connected(to: nginx.ports[0]) == count)
        }
    }
}
