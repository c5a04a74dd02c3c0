import PluginAPI
import Testing

@testable import Proxy

@Suite("Reading an answer")
struct AnswerReaderTests {
    /// What is read of an answer whose bytes arrive in pieces that end at `cuts`.
    private struct Reading {
        var informational = 0
        var fields: [Field] = []
        var body: [UInt8] = []
        var trailers: [Field] = []
        var isWhole = false
        var error: String?
        var keepsConnection = false
        /// Bytes behind the answer.
        var excess = 0

        init(_ bytes: [UInt8], cuts: [Int] = [], method: Method = .get) {
            var reader = AnswerReader(method: method)
            let (response, trailers) = (Response(), Headers())
            var rest: [UInt8] = []
            for (start, end) in zip([0] + cuts, cuts + [bytes.count]) {
                rest += bytes[start..<end]
                while !isWhole, error == nil, readOn(&reader, &rest, response, trailers) {}
            }
            if reader.endsWithConnection { isWhole = true }
            keepsConnection = reader.keepsConnection
            self.trailers = Field.list(trailers)
            excess = rest.count
        }

        /// - Returns: false when more bytes are needed.
        private mutating func readOn(
            _ reader: inout AnswerReader, _ rest: inout [UInt8], _ response: Response,
            _ trailers: Headers
        ) -> Bool {
            let step = rest.withUnsafeBufferPointer {
                reader.next($0, into: response, trailers: trailers)
            }
            switch step {
            case .needMore(let consumed):
                rest.removeFirst(consumed)
                return false
            case .informational(let consumed):
                informational += 1
                rest.removeFirst(consumed)
            case .head(let consumed):
                fields = Field.list(response.headers)
                rest.removeFirst(consumed)
            case .data(let run, let consumed, let isLast):
                body += rest[run]
                rest.removeFirst(consumed)
                isWhole = isLast
            case .end(let consumed):
                rest.removeFirst(consumed)
                isWhole = true
            case .invalid(let reason): error = reason
            }
            return true
        }
    }

    @Test("random answers are read as they were written, however they arrive")
    func random() {
        for seed in 0..<500 {
            var random = Randomness(seed: seed)
            let answer = RandomAnswer(&random)
            let reading = Reading(answer.bytes, cuts: random.cuts(in: answer.bytes.count))
            #expect(reading.error == nil && reading.isWhole, "seed \(seed)")
            #expect(reading.informational == answer.informational, "seed \(seed)")
            #expect(reading.fields == answer.fields, "seed \(seed)")
            #expect(reading.body == answer.body, "seed \(seed)")
            #expect(reading.trailers == answer.trailers, "seed \(seed)")
            #expect(reading.excess == 0, "seed \(seed)")
        }
    }

    @Test(
        "whether the connection stays",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true),
            ("HTTP/1.1 204 No\r\n\r\n", true),
            ("HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", true),
            ("HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\nHTTP/1.1 204 No\r\n\r\n", false),
            ("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false),
            ("HTTP/1.1 200 OK\r\n\r\nhi", false),
        ])
    func keepsConnection(_ answer: String, _ keeps: Bool) {
        let reading = Reading(Array(answer.utf8))
        #expect(reading.isWhole && reading.error == nil && reading.excess == 0)
        #expect(reading.keepsConnection == keeps)
    }

    @Test("what is behind an answer is not read")
    func excess() {
        let second = "HTTP/1.1 200 OK\r\n\r\n"
        for first in [
            "HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let reading = Reading(Array((first + second).utf8))
            #expect(reading.isWhole && reading.excess == second.utf8.count)
        }
    }

    @Test("an answer to HEAD ends with its head")
    func head() {
        for field in ["Content-Length: 5", "Transfer-Encoding: chunked", "X: y"] {
            let reading = Reading(Array("HTTP/1.1 200 OK\r\n\(field)\r\n\r\n".utf8), method: .head)
            #expect(reading.isWhole && reading.body.isEmpty)
        }
    }

    @Test("informational answers have an end")
    func endless() {
        let one = Array("HTTP/1.1 103 Hints\r\nLink: </style.css>\r\n\r\n".utf8)
        let many = (0...HeadLimits.answer.headers / one.count).flatMap { _ in one }
        #expect(Reading(many).error == "the informational answers do not end")
    }

    @Test("a switch of protocols is refused")
    func switching() {
        let reading = Reading(Array("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n".utf8))
        #expect(reading.error == "the upstream switched protocols without being asked")
    }
}
