import Testing

@testable import Proxy

@Suite("The seam: a receiver without room", .timeLimit(.minutes(5)))
struct BackPressureTests {
    /// How the end of a body is told.
    enum Framing: String, CaseIterable {
        case length, chunks, close

        func head(_ count: Int) -> String {
            switch self {
            case .length: "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n"
            case .chunks:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n"
            case .close: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
            }
        }

        var tail: String { self == .chunks ? "\r\n0\r\nx-t: 1\r\n\r\n" : "" }
    }

    @Test(
        "the upstream is held back, and every byte comes once and in order",
        arguments: TransportKind.allCases, Framing.allCases)
    func heldBack(_ kind: TransportKind, _ framing: Framing) throws {
        let bytes = Pattern.bytes(16 << 20)
        let passed = Watched<Int?>(nil)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send(framing.head(bytes.count))
            let count = connection.offer(bytes, patience: .milliseconds(200))
            passed.change { $0 = count }
            try connection.send(Array(bytes[count...]))
            try connection.send(framing.tail)
            if framing != .close { _ = try connection.end() }
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        call.receiver.room = 100_000
        try call.start()
        // The rest of what the upstream got rid of is in the kernel.
        let count = try passed.wait(for: "the upstream to be held back") { $0 != nil }!
        #expect(count < bytes.count)
        let heard = call.receiver.record.current
        #expect(heard.refusals == 1 && heard.body.count >= 100_000 && heard.body.count < 200_000)

        var refusals = 1
        while true {
            try call.makeRoom(1_000_000)
            let heard = try call.wait(for: "more") { $0.refusals > refusals || $0.isOver }
            if heard.isOver { break }
            refusals = heard.refusals
        }
        let answer = try call.answer()
        #expect(Pattern.areEqual(answer.body, bytes))
        #expect(answer.trailers == (framing == .chunks ? [Field("x-t", "1")] : []))
        #expect(refusals > 10)
    }

    @Test(
        "what came with the head is offered again, also when the upstream has closed meanwhile",
        arguments: TransportKind.allCases, Framing.allCases)
    func smallBody(_ kind: TransportKind, _ framing: Framing) throws {
        let closed = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send(framing.head(5) + "hello" + framing.tail)
            connection.close()
            closed.change { $0 = true }
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        call.receiver.room = 0
        try call.start()
        try call.wait(for: "the first offer") { $0.refusals == 1 }
        try closed.wait(for: "the upstream to close") { $0 }
        try loop.turn()
        #expect(!call.receiver.record.current.isOver)
        // No room after all.
        try call.makeRoom(0)
        try call.wait(for: "the second offer") { $0.refusals == 2 }
        try loop.turn()
        try call.makeRoom()
        let answer = try call.answer()
        #expect(answer.text == "hello" && answer.refusals == 2)
        #expect(answer.trailers == (framing == .chunks ? [Field("x-t", "1")] : []))
    }

    @Test("the loop rests while a receiver has no room", arguments: TransportKind.allCases)
    func rests(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send(Framing.close.head(0))
            while true { try connection.send([UInt8](repeating: 65, count: 65536)) }
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        call.receiver.room = 1
        try call.start()
        try call.wait(for: "the refusal") { $0.refusals == 1 }
        #expect(try loop.turns(in: .milliseconds(100)) < 20)
        try call.cancel()
    }

    @Test("the loop rests while a request's body does not go on", arguments: TransportKind.allCases)
    func restsWhileSending(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            guard let request = try connection.head() else { return }
            try connection.body(of: request)
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            "POST /", [], .stream(length: nil, [.bytes([65])]), to: server.target())
        try call.wait(for: "the first byte to be taken") { $0.taken == 1 }
        #expect(try loop.turns(in: .milliseconds(100)) < 20)
        try call.cancel()
    }

    @Test("a transfer without room holds up no other", arguments: TransportKind.allCases)
    func others(_ kind: TransportKind) throws {
        let bytes = Pattern.bytes(4 << 20)
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.send(Framing.length.head(bytes.count))
                try connection.send(bytes)
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let held = loop.call(to: target)
        held.receiver.room = 1000
        try held.start()
        try held.wait(for: "the refusal") { $0.refusals == 1 }
        for _ in 0..<3 {
            #expect(Pattern.areEqual(try loop.send(to: target).body, bytes))
        }
        try held.makeRoom()
        #expect(Pattern.areEqual(try held.answer().body, bytes))
    }

    @Test("to resume what is not held back changes nothing", arguments: TransportKind.allCases)
    func resumedForNothing(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        try loop.perform {
            try call.start()
            try call.makeRoom()
            try call.supply()
        }
        try call.makeRoom()
        try call.makeRoom()
        #expect(try call.answer().text == "hello")
        try call.makeRoom()
        try call.supply()
        #expect(try loop.send(to: server.target()).text == "hello")
    }

    @Test("there may be room again before the refusal returns", arguments: TransportKind.allCases)
    func roomAtOnce(_ kind: TransportKind) throws {
        let bytes = Pattern.bytes(1 << 20)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send(Framing.length.head(bytes.count))
            try connection.send(bytes)
            _ = try connection.end()
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        call.receiver.room = 1000
        call.receiver.onRefusal = {
            // As when the client's socket takes everything in the same turn.
            loop.loop.submit { try? call.makeRoom(1000) }
        }
        try call.start()
        #expect(Pattern.areEqual(try call.answer().body, bytes))
        #expect(call.receiver.record.current.refusals > 10)
    }

    @Test(
        "what had come before the upstream broke off is still offered",
        arguments: TransportKind.allCases)
    func brokenMeanwhile(_ kind: TransportKind) throws {
        let closed = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send(Framing.length.head(100) + "hello")
            connection.close()
            closed.change { $0 = true }
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        call.receiver.room = 0
        try call.start()
        try call.wait(for: "the refusal") { $0.refusals == 1 }
        try closed.wait(for: "the upstream to close") { $0 }
        try call.makeRoom()
        #expect(try call.failure().kind == .broken)
        #expect(call.receiver.record.current.text == "hello")
    }

    @Test(
        "twenty streams both ways, with room and supply as it happens",
        arguments: TransportKind.allCases)
    func random(_ kind: TransportKind) throws {
        // An echo that begins to answer before it has got everything.
        let server = try ScriptedServer { connection in
            while let request = try connection.head() {
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                let body = try connection.body(of: request).body
                var rest = body[...]
                while !rest.isEmpty {
                    let chunk = rest.prefix(Int.random(in: 1...20_000))
                    try connection.send(
                        Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [0x0D, 0x0A])
                    rest = rest.dropFirst(chunk.count)
                }
                try connection.send("0\r\n\r\n")
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let bodies = (0..<20).map { Pattern.bytes(100_000 + $0 * 7919) }
        let calls = bodies.map { _ in
            loop.call("POST /", [], .stream(length: nil), to: target)
        }
        for call in calls {
            call.receiver.room = 0
            call.receiver.onRefusal = {
                loop.loop.submit { try? call.makeRoom(Int.random(in: 0...30_000)) }
            }
            try call.start()
        }
        var rests = bodies.map { $0[...] }
        while rests.contains(where: { !$0.isEmpty }) {
            for index in calls.indices where !rests[index].isEmpty {
                let run = rests[index].prefix(Int.random(in: 1...40_000))
                rests[index] = rests[index].dropFirst(run.count)
                try calls[index].supply(.bytes(Array(run)))
                if rests[index].isEmpty { try calls[index].supply(.end) }
            }
        }
        for (call, body) in zip(calls, bodies) { #expect(try call.answer().body == body) }
        #expect(server.failures.current.isEmpty)
    }
}
