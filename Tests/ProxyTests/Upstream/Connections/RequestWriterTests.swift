import PluginAPI
import Testing

@testable import Proxy

@Suite("Writing a request")
struct RequestWriterTests {
    private let target = Target(.tcp(isSecure: false, host: "127.0.0.1", port: 8000))

    private func request(_ line: String, _ fields: String = "Host: a\r\n") -> Request {
        let request = Request()
        var parser = RequestParser()
        var bytes = Array("\(line) HTTP/1.1\r\n\(fields)\r\n".utf8)
        let result = bytes.withUnsafeMutableBufferPointer {
            parser.parse(UnsafeBufferPointer($0), into: request, limits: HeadLimits())
        }
        #expect(result == .head(consumed: bytes.count))
        return request
    }

    private func outgoing(_ request: Request, _ body: OutgoingRequest.Body) -> OutgoingRequest {
        OutgoingRequest(request: request, body: body)
    }

    /// Everything that is written, when so many bytes at most leave at a time.
    private func written(
        _ writer: inout RequestWriter, _ receiver: RecordingReceiver, atMost bound: Int = .max
    ) -> String? {
        var bytes: [UInt8] = []
        while true {
            switch writer.next(from: receiver) {
            case .bytes(let run):
                bytes += run.prefix(bound)
                writer.sent(min(run.count, bound))
            case .later, .complete: return String(latin1: bytes)
            case .broken: return nil
            }
        }
    }

    // The macros copy what they look at, which a writer does not let them.

    private func expect(
        _ text: String?, _ writer: inout RequestWriter, _ receiver: RecordingReceiver
    ) {
        let found = written(&writer, receiver)
        #expect(found == text)
    }

    private func takeFirst(_ writer: inout RequestWriter, _ receiver: RecordingReceiver) {
        let mayGoOn = writer.takeFirst(from: receiver)
        #expect(mayGoOn)
    }

    private func expect(
        _ writer: borrowing RequestWriter, isComplete: Bool, hasTaken: Bool? = nil
    ) {
        let (whole, taken) = (writer.isComplete, writer.hasTaken)
        #expect(whole == isComplete)
        if let hasTaken { #expect(taken == hasTaken) }
    }

    @Test(
        "a head without a body",
        arguments: [("GET", ""), ("HEAD", ""), ("DELETE", ""), ("POST", "0")])
    func withoutBody(_ method: String, _ length: String) {
        var writer = RequestWriter()
        writer.begin(outgoing(request("\(method) /a?b"), .none), to: target)
        let field = length.isEmpty ? "" : "Content-Length: \(length)\r\n"
        expect("\(method) /a?b HTTP/1.1\r\nHost: a\r\n\(field)\r\n", &writer, RecordingReceiver())
        expect(writer, isComplete: true, hasTaken: false)
    }

    @Test("a small body leaves with its head")
    func smallBody() {
        Array("body".utf8).withUnsafeBufferPointer { body in
            var writer = RequestWriter()
            writer.begin(outgoing(request("PUT /"), .whole(body)), to: target)
            guard case .bytes(let run) = writer.next(from: RecordingReceiver()) else {
                Issue.record("nothing is written")
                return
            }
            #expect(
                String(latin1: run) == "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
        }
    }

    @Test("a long body is sent from where it stands", arguments: [1, 1000, 16_384, 1 << 30])
    func longBody(_ bound: Int) {
        let bytes = Pattern.bytes(200_000)
        bytes.withUnsafeBufferPointer { body in
            var writer = RequestWriter()
            writer.begin(outgoing(request("PUT /"), .whole(body)), to: target)
            let text = written(&writer, RecordingReceiver(), atMost: bound)!
            let head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
            #expect(text == head + String(latin1: bytes))
            expect(writer, isComplete: true)
        }
    }

    @Test("bytes that could not be sent are offered again from the same place")
    func offeredAgain() {
        let bytes = Pattern.bytes(100_000)
        bytes.withUnsafeBufferPointer { body in
            for kind in [
                OutgoingRequest.Body.whole(body), .stream(length: nil), .stream(length: 3),
            ] {
                var writer = RequestWriter()
                let receiver = RecordingReceiver()
                receiver.supply = [.bytes(Array("abc".utf8)), .end]
                writer.begin(outgoing(request("PUT /"), kind), to: target)
                takeFirst(&writer, receiver)
                while case .bytes(let run) = writer.next(from: receiver) {
                    guard case .bytes(let again) = writer.next(from: receiver) else {
                        Issue.record("nothing is offered again")
                        return
                    }
                    #expect(run.baseAddress == again.baseAddress && run.count == again.count)
                    writer.sent(min(run.count, 7777))
                }
                expect(writer, isComplete: true)
            }
        }
    }

    @Test("a streamed body of unknown length goes in chunks of what there is")
    func chunks() {
        for count in [1, 15, 16, 255, 256, 4095, 4096, 16_383, 16_384, 16_385, 50_000] {
            var writer = RequestWriter()
            let receiver = RecordingReceiver()
            let bytes = Pattern.bytes(count)
            receiver.supply = [.bytes(bytes)]
            writer.begin(outgoing(request("PUT /"), .stream(length: nil)), to: target)
            var expected = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            var rest = bytes[...]
            while !rest.isEmpty {
                let run = rest.prefix(RequestWriter.runLength)
                expected += "\(String(run.count, radix: 16))\r\n\(String(latin1: run))\r\n"
                rest = rest.dropFirst(run.count)
            }
            takeFirst(&writer, receiver)
            expect(expected, &writer, receiver)
            expect(writer, isComplete: false, hasTaken: true)
            receiver.supply = [.end]
            receiver.requestTrailers.append("x-sum", "1")
            expect("0\r\nx-sum: 1\r\n\r\n", &writer, receiver)
            expect(writer, isComplete: true)
        }
    }

    @Test("a streamed body of known length takes no more than that")
    func counted() {
        var writer = RequestWriter()
        let receiver = RecordingReceiver()
        receiver.supply = [.bytes(Array("hello, world".utf8))]
        writer.begin(outgoing(request("PUT /"), .stream(length: 5)), to: target)
        takeFirst(&writer, receiver)
        expect("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &writer, receiver)
        expect(writer, isComplete: true)
    }

    @Test("a body that ends before its announced length is no whole request")
    func tooShort() {
        var writer = RequestWriter()
        let receiver = RecordingReceiver()
        receiver.supply = [.bytes(Array("hell".utf8)), .end]
        writer.begin(outgoing(request("PUT /"), .stream(length: 5)), to: target)
        takeFirst(&writer, receiver)
        expect(nil, &writer, receiver)
        expect(writer, isComplete: false)
    }

    @Test("the target's own name is sent where the request has no Host")
    func host() {
        let request = request("GET /", "Host: a\r\nX-A: b\r\n")
        request.headers.remove("host")
        var writer = RequestWriter()
        writer.begin(outgoing(request, .none), to: target)
        expect(
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nX-A: b\r\n\r\n", &writer, RecordingReceiver()
        )
    }

    @Test("the framing is ours, whatever the request's fields say")
    func framing() {
        let request = request("POST /", "Host: a\r\nContent-Length: 9\r\nX-A: b\r\n")
        var writer = RequestWriter()
        writer.begin(outgoing(request, .stream(length: nil)), to: target)
        do {
            let text = written(&writer, RecordingReceiver())
            #expect(
                text == "POST / HTTP/1.1\r\nHost: a\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
        }
    }
}
