import Glibc
import PluginAPI

@testable import Proxy

/// One request of a test, on its way over a running loop.
///
/// The memory that it lends to the transport is overwritten when the transfer is over or cancelled, so
/// that whoever still reads it is found out.
final class Call: @unchecked Sendable {
    enum Body: Sendable {
        case none
        case whole([UInt8])
        /// With what is there at first.
        case stream(length: Int?, [RecordingReceiver.Supply] = [])

        static func whole(_ text: String) -> Body { .whole(Array(text.utf8)) }
    }

    let receiver = RecordingReceiver()
    private let running: RunningLoop
    private let target: Target
    private let body: Body
    private let lines: String
    private let request = Request()
    private var lent: UnsafeMutableBufferPointer<UInt8>
    private var transfer: (any Transfer)?

    fileprivate static let scribble = UInt8(ascii: "#")

    init(
        _ line: String, _ fields: [Field], _ body: Body, _ target: Target, over running: RunningLoop
    ) {
        self.running = running
        self.target = target
        self.body = body
        var lines = "\(line) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.name.lowercased() == "host" }) {
            lines += "Host: \(target.authority)\r\n"
        }
        for field in fields { lines += "\(field.name): \(field.value)\r\n" }
        lent = .allocate(capacity: 0)
        switch body {
        case .none: break
        case .whole(let bytes):
            lent = .allocate(capacity: bytes.count)
            _ = lent.initialize(fromContentsOf: bytes)
            lines += "Content-Length: \(bytes.count)\r\n"
        case .stream(let length, let supply):
            lines += length.map { "Content-Length: \($0)\r\n" } ?? "Transfer-Encoding: chunked\r\n"
            receiver.supply = supply
        }
        self.lines = lines + "\r\n"
        // Until the transfer is over, the transport's hold on the receiver keeps this alive too.
        receiver.whenOver = { [self] in takeBack() }
        receiver.isOnLoop = { [loop = running.loop] in loop.isCurrent }
    }

    deinit { lent.deallocate() }

    // MARK: - Any thread; waits until the loop has done it

    func start() throws {
        try running.perform { [self] in
            try fill()
            let outgoing = OutgoingRequest(request: request, body: outgoingBody)
            receiver.stage = .starting
            transfer = running.transport.start(outgoing, to: target, receiver)
            if receiver.stage == .starting { receiver.stage = .head }
        }
    }

    func cancel() throws {
        try running.perform { [self] in
            if receiver.stage != .over { receiver.stage = .cancelled }
            transfer!.cancel()
            takeBack()
        }
    }

    /// Makes room for so many more bytes of the answer.
    func makeRoom(_ bytes: Int = .max) throws {
        try running.perform { [self] in
            receiver.hasRoom(bytes)
            transfer!.resume()
        }
    }

    /// Adds to the request's body.
    func supply(_ supply: RecordingReceiver.Supply...) throws {
        try running.perform { [self] in
            receiver.supply += supply
            transfer!.bodyAvailable()
        }
    }

    // MARK: - Waiting

    /// Waits for something that the receiver hears.
    @discardableResult
    func wait(for what: String, until isReached: (ReceivedAnswer) -> Bool) throws -> ReceivedAnswer
    {
        try receiver.record.wait(for: what, until: isReached)
    }

    /// Waits for the end, whatever it is.
    func end() throws -> ReceivedAnswer {
        let record = try wait(for: "the end of \(lines.prefix { $0 != "\r\n" })") { $0.isOver }
        guard record.violations.isEmpty else {
            throw Failure("the transport broke its contract: \(record.violations)")
        }
        return record
    }

    /// Waits for the whole answer.
    func answer() throws -> ReceivedAnswer {
        let record = try end()
        if let error = record.error { throw error }
        return record
    }

    /// Waits for the failure.
    func failure() throws -> TransferError {
        let record = try end()
        guard let error = record.error else { throw Failure("expected a failure, found \(record)") }
        return error
    }

    // MARK: - What is sent

    private func fill() throws {
        var parser = RequestParser()
        var bytes = Array(lines.utf8)
        let result = bytes.withUnsafeMutableBufferPointer {
            parser.parse(
                UnsafeBufferPointer($0), into: request,
                limits: HeadLimits(requestLine: 1 << 16, headers: 1 << 18, headerCount: 1000))
        }
        guard case .head = result else { throw Failure("no request: \(lines)") }
        HopByHop.remove(from: request.headers)
    }

    private var outgoingBody: OutgoingRequest.Body {
        switch body {
        case .none: .none
        case .whole: .whole(UnsafeBufferPointer(lent))
        case .stream(let length, _): .stream(length: length)
        }
    }

    private func takeBack() {
        receiver.whenOver = nil
        lent.update(repeating: Self.scribble)
        request.reset()
        request.headers.append(
            "x-scribble", String(repeating: Character(Unicode.Scalar(Self.scribble)), count: 2000))
    }
}

extension Call {
    /// Whether bytes that a server received came from memory that was not the transport's any more.
    /// These are megabytes, so not byte by byte: a sanitizer watches each.
    static func areScribbled(_ bytes: [UInt8]) -> Bool {
        memchr(bytes, Int32(scribble), bytes.count) != nil
    }
}
