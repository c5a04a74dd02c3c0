import PluginAPI

@testable import Proxy

/// An event loop with a transport, on a thread of its own, for as long as a test holds it.
final class RunningLoop: @unchecked Sendable {
    let transport: any Transport
    private let thread: LoopThread

    convenience init(_ kind: TransportKind, _ time: any TimeSource = SystemTime()) throws {
        try self.init(time, kind.make)
    }

    init(_ time: any TimeSource = SystemTime(), _ make: (EventLoop) -> any Transport) throws {
        var made: (any Transport)?
        thread = try LoopThread(time) { loop in
            made = make(loop)
            return made
        }
        transport = made!
    }

    var loop: EventLoop { thread.loop }

    @discardableResult
    func perform<Result>(_ body: @escaping () throws -> Result) throws -> Result {
        try thread.perform(body)
    }

    func turn() throws { try thread.turn() }
    func passes(_ duration: Duration) throws { try thread.passes(duration) }
    func turns(in duration: Duration) throws -> Int { try thread.turns(in: duration) }

    /// A request that has not been started.
    func call(
        _ line: String = "GET /", _ fields: [Field] = [], _ body: Call.Body = .none,
        to target: Target
    ) -> Call {
        Call(line, fields, body, target, over: self)
    }

    /// Starts a request.
    func start(
        _ line: String = "GET /", _ fields: [Field] = [], _ body: Call.Body = .none,
        to target: Target
    ) throws -> Call {
        let call = call(line, fields, body, to: target)
        try call.start()
        return call
    }

    /// Sends a request and waits for its answer.
    func send(
        _ line: String = "GET /", _ fields: [Field] = [], _ body: Call.Body = .none,
        to target: Target
    ) throws -> ReceivedAnswer {
        try start(line, fields, body, to: target).answer()
    }
}
