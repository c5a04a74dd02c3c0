import Foundation
import PluginAPI

@testable import Proxy

/// A bare loop on a thread of its own, for as long as a test holds it.
final class LoopThread: @unchecked Sendable {
    let loop: EventLoop
    private let hasEnded = Watched(false)

    /// - Parameter use: makes what is used on the loop, and must be there in its last turn.
    init(_ time: any TimeSource = SystemTime(), use: (EventLoop) -> AnyObject? = { _ in nil })
        throws
    {
        loop = try EventLoop(time: time)
        nonisolated(unsafe) let used = use(loop)
        Thread.detachNewThread { [loop, hasEnded] in
            loop.run()
            withExtendedLifetime(used) {}
            hasEnded.change { $0 = true }
        }
    }

    deinit {
        loop.stop()
        // The last to let go may be something that the loop itself ran.
        if !loop.isCurrent { _ = try? hasEnded.wait(for: "the loop's end") { $0 } }
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

    /// Waits until so much time has passed on the loop.
    func passes(_ duration: Duration) throws {
        let hasRung = Watched(false)
        let bell = Bell { hasRung.change { $0 = true } }
        try perform { [loop] in loop.timers.set(bell.timer, at: loop.now + duration) }
        try hasRung.wait(for: "the loop's timer") { $0 }
    }

    /// How many turns the loop takes in that time, of itself.
    func turns(in duration: Duration) throws -> Int {
        let counter = ScriptedParticipant { _ in false }
        try perform { [loop] in loop.addParticipant(counter) }
        try passes(duration)
        return try perform { counter.turns }
    }
}
