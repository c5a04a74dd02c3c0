import Testing

@testable import Proxy

@Suite("The seam: requests as they happen to be", .timeLimit(.minutes(5)))
struct RandomRequestTests {
    /// What one request is, made at random.
    private struct Sample {
        let method: String
        let fields: [Field]
        let body: [UInt8]
        let kind: Int
        let trailers: [Field]

        init(_ random: inout Randomness) {
            method = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "BREW"].randomElement(
                using: &random)!
            fields = RandomMessage.fields(&random).fields.map(Field.init(line:)).map { field in
                // A test's text is UTF-8, and a server's record has one character for each byte.
                let ascii = field.value.unicodeScalars.filter { $0.isASCII && $0 != "\t" }
                return Field(
                    field.name,
                    String(ascii.map(Character.init)).split(separator: " ").joined(separator: " "))
            }
            // A HEAD that has a body is a test of its own.
            kind = method == "HEAD" ? 0 : Int.random(in: 0..<4, using: &random)
            body =
                kind == 0
                ? []
                : random.bytes(
                    Array(0...255), count: 0...[1, 100, 30_000].randomElement(using: &random)!)
            let hasTrailers = kind == 3 && Bool.random(using: &random)
            trailers = hasTrailers ? [Field("x-sum", "a"), Field("x-empty", "")] : []
        }

        /// How the body is handed over.
        func supply(_ random: inout Randomness) -> Call.Body {
            let cuts = random.cuts(in: body.count)
            let runs = zip([0] + cuts, cuts + [body.count]).filter { $0 < $1 }.map {
                RecordingReceiver.Supply.bytes(Array(body[$0..<$1]))
            }
            return switch kind {
            case 0: .none
            case 1: .whole(body)
            case 2: .stream(length: body.count, runs + [.end])
            default: .stream(length: nil, runs + [.end])
            }
        }
    }

    @Test(
        "random requests arrive as they were sent, one after another and together",
        arguments: TransportKind.allCases)
    func random(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.answer(request.method == "HEAD" ? "" : request.target)
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        var samples: [Sample] = []
        var calls: [Call] = []
        for seed in 0..<200 {
            var random = Randomness(seed: seed)
            let sample = Sample(&random)
            let call = loop.call(
                "\(sample.method) /\(seed)", [Field("Host", "a")] + sample.fields,
                sample.supply(&random), to: target)
            for trailer in sample.trailers {
                call.receiver.requestTrailers.append(.init(trailer.name)!, trailer.value)
            }
            try call.start()
            samples.append(sample)
            calls.append(call)
            // In groups of one to eight.
            if seed % (seed / 25 + 1) == 0 {
                for call in calls { _ = try call.answer() }
                calls = []
            }
        }
        for call in calls { _ = try call.answer() }

        let requests = server.requests.current
        #expect(requests.count == samples.count && server.failures.current.isEmpty)
        for request in requests {
            let number = try #require(Int(request.target.dropFirst()))
            let sample = samples[number]
            #expect(request.method == sample.method, "seed \(number)")
            #expect(request.isComplete && request.body == sample.body, "seed \(number)")
            #expect(request.trailers == sample.trailers, "seed \(number)")
            let framing = ["content-length", "transfer-encoding"]
            #expect(
                request.fields.filter { !framing.contains($0.name.lowercased()) }
                    == [Field("Host", "a")] + sample.fields,
                "seed \(number)")
        }
    }
}
