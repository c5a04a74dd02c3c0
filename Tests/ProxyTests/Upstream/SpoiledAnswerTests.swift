import Testing

@testable import Proxy

/// A few of those that Tests/Fuzz/compare-answers makes millions of, which reads them without libcurl's
/// heads having to pass our parser.
@Suite("The seam: answers with something wrong in them", .timeLimit(.minutes(5)))
struct SpoiledAnswerTests {
    /// What only libcurl's transfers may take for whole: their heads pass our parser, their chunks do not.
    private static let forgiven: Set<AnswerFault> = [
        .bareLineFeed, .bareCarriageReturn, .control, .chunkSize, .chunkSizeDigits, .chunkEnd,
    ]

    @Test("what both transports take for whole is the same, and all that is whole is taken")
    func spoiled() throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                let answer = SpoiledAnswer(seed: Int(request.target.dropFirst())!)
                for piece in answer.pieces where !piece.isEmpty {
                    try connection.send(Array(answer.bytes[piece]))
                }
                let reading = AnswerReading(answer.bytes, answersHead: answer.answersHead)
                if reading.end != .whole || answer.closes || !reading.keepsConnection { return }
            }
        }
        let target = server.target()
        let connections = try RunningLoop(.connections)
        let transfers = try RunningLoop(.transfers)
        for seed in 0..<2000 {
            let answer = SpoiledAnswer(seed: seed)
            let line = "\(answer.answersHead ? "HEAD" : "GET") /\(seed)"
            let ours = try connections.start(line, to: target).end()
            let libcurls = try transfers.start(line, to: target).end()
            let reading = AnswerReading(answer.bytes, answersHead: answer.answersHead)
            let isWhole = reading.end == .whole || reading.end == .withConnection
            #expect(ours.isWhole == isWhole, "seed \(seed): \(reading.end), and \(ours)")
            guard libcurls.isWhole, isWhole else {
                #expect(
                    !libcurls.isWhole || mayForgive(answer, reading),
                    "seed \(seed): \(reading.end), and transfers have \(libcurls)")
                #expect(
                    !isWhole || reading.hasLaterVersion,
                    "seed \(seed): \(reading.end), and transfers have \(libcurls)")
                continue
            }
            #expect(ours.informational == libcurls.informational, "seed \(seed)")
            #expect(ours.head == libcurls.head, "seed \(seed)")
            #expect(Pattern.areEqual(ours.body, libcurls.body), "seed \(seed)")
            #expect(ours.trailers == libcurls.trailers, "seed \(seed)")
        }
    }

    private func mayForgive(_ answer: SpoiledAnswer, _ reading: AnswerReading) -> Bool {
        switch reading.end {
        // libcurl hands over heads of HTTP/2 with such a line, and takes it over HTTP/1 too.
        case .faulty(.statusLine):
            ["HTTP/2 ", "HTTP/3 "].contains {
                String(decoding: answer.bytes, as: UTF8.self).contains($0)
            }
        case .faulty(let fault): Self.forgiven.contains(fault)
        case .incomplete:
            // All is there but the LF of the last line.
            AnswerReading(answer.bytes + [0x0A], answersHead: answer.answersHead).end == .whole
        case .whole, .withConnection: true
        }
    }
}
