import Foundation
import PluginAPI

@testable import Proxy

/// An event loop with a transport, on a thread of its own, for as long as a test holds it.
final class RunningLoop: @unchecked Sendable {
    let loop: EventLoop
    let transport: any Transport
    private let hasEnded = Watched(false)

    init(_ kind: TransportKind) throws {
        loop = try EventLoop()
        transport = kind.make(loop)
        // The transport must outlive the last turn.
        nonisolated(unsafe) let transport = transport
        Thread.detachNewThread { [loop, hasEnded] in
            loop.run()
            withExtendedLifetime(transport) {}
            hasEnded.change { $0 = true }
        }
    }

    deinit {
        loop.stop()
        // The last to let go may be something that the loop itself ran.
        if loop.isCurrent { return }
        _ = try? hasEnded.wait(for: "the loop's end") { $0 }
    }

    /// Does something on the loop's thread, and waits until it is done.
    @discardableResult
    func perform<Result>(_ body: @escaping () throws -> Result) throws -> Result {
        if loop.isCurrent { return try body() }
        nonisolated(unsafe) let body = body
        let outcome = Watched<Swift.Result<Result, any Error>?>(nil)
        loop.submit {
            let result = Swift.Result { try body() }
            outcome.change { $0 = result }
        }
        return try outcome.wait(for: "the loop to take work") { $0 != nil }!.get()
    }

    /// Waits until the loop has seen to everything that had happened before the call.
    func turn() throws {
        // The first may be taken up by a turn that is under way, whose events are older.
        for _ in 0..<2 { try perform {} }
    }

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

extension RunningLoop {
    /// Waits until so much time has passed on the loop.
    func passes(_ duration: Duration) throws {
        final class Alarm: TimerTarget, @unchecked Sendable {
            let hasFired = Watched(false)
            lazy var timer = LoopTimer(self)
            func timerFired(_ timer: LoopTimer) { hasFired.change { $0 = true } }
        }
        let alarm = Alarm()
        try perform { [loop] in loop.timers.set(alarm.timer, at: loop.now + duration) }
        try alarm.hasFired.wait(for: "the loop's timer") { $0 }
    }

    /// How many turns the loop takes in that time, of itself.
    func turns(in duration: Duration) throws -> Int {
        final class Counter: TurnParticipant, @unchecked Sendable {
            var turns = 0
            func turnEnded() -> Bool {
                turns += 1
                return false
            }
        }
        let counter = Counter()
        try perform { [loop] in loop.addParticipant(counter) }
        try passes(duration)
        return try perform { counter.turns }
    }
}
