import Testing

@testable import Proxy

@Suite("The seam: answers as they happen to be", .timeLimit(.minutes(5)))
struct RandomAnswerTests {
    @Test(
        "random answers arrive as they were sent, however they are split",
        arguments: TransportKind.allCases)
    func random(_ kind: TransportKind) throws {
        let loop = try RunningLoop(kind)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                var random = Randomness(seed: Int(request.target.dropFirst())!)
                let answer = RandomAnswer(&random)
                let cuts = random.cuts(in: answer.bytes.count)
                for (start, end) in zip([0] + cuts, cuts + [answer.bytes.count]) {
                    try connection.send(Array(answer.bytes[start..<end]))
                    if Bool.random(using: &random) { try loop.turn() }
                }
                if answer.endsWithConnection { return }
            }
        }
        let target = server.target()
        var (connections, isOpen) = (0, false)
        for seed in 0..<200 {
            var random = Randomness(seed: seed)
            let expected = RandomAnswer(&random)
            let call = loop.call("GET /\(seed)", to: target)
            if seed % 2 == 0 {
                call.receiver.room = 0
                call.receiver.onRefusal = {
                    loop.loop.submit { try? call.makeRoom(Int.random(in: 0...20_000)) }
                }
            }
            try call.start()
            let answer = try call.answer()
            #expect(Pattern.areEqual(answer.body, expected.body), "seed \(seed)")
            #expect(answer.informational.count == expected.informational, "seed \(seed)")
            #expect(answer.head?.fields == expected.fields, "seed \(seed)")
            #expect(answer.trailers == expected.trailers, "seed \(seed)")
            if !isOpen { connections += 1 }
            isOpen = !expected.endsWithConnection
        }
        #expect(server.connections.current.count == connections)
    }

    @Test(
        "an answer that breaks off anywhere does not look whole", arguments: TransportKind.allCases)
    func truncated(_ kind: TransportKind) throws {
        let loop = try RunningLoop(kind)
        let answers = AnswerTests.wholeAnswers.prefix(2).map { Array($0.utf8) }
        let server = try ScriptedServer { connection in
            guard let request = try connection.request() else { return }
            let numbers = request.target.components(separator: "/").compactMap { Int($0) }
            try connection.send(Array(answers[numbers[0]][..<numbers[1]]))
        }
        let target = server.target()
        for (number, answer) in answers.enumerated() {
            // Without its last LF alone an answer lacks nothing, and libcurl takes it for whole. Our own
            // reader is stricter: the line that ends the trailer section ends with it (RFC 9112 §7.1).
            let places = Array(kind == .transfers ? answer.indices.dropLast() : answer.indices)
            let calls = try places.map { try loop.start("GET /\(number)/\($0)", to: target) }
            for (place, call) in zip(places, calls) {
                let end = try call.end()
                #expect(end.error?.kind == .broken, "answer \(number) cut at \(place): \(end)")
            }
        }
    }
}
