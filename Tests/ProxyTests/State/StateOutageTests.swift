import PluginAPI
import Testing

@testable import Proxy

@Suite("Shared state: Redis goes away", .timeLimit(.minutes(5)))
struct StateOutageTests {
    let server: RedisServer

    init() throws { server = try RedisServer() }

    @Test("local: what was used up before is used up in it, by whichever process it was used")
    func local() throws {
        let (one, other) = (
            try RunningState(server.address()), try RunningState(server.address())
        )
        #expect(try one.decide("a", 3) == .applied([3]))
        #expect(try other.decide("a", 1) == .applied([4]))
        server.kill()
        try other.isAway()
        #expect(try other.decide("a", 1, limit: 4) == .declined([4]))
        #expect(try other.decide("a", 1, limit: 5) == .applied([5]))
        #expect(other.errors == 2)
    }

    @Test("allow lets everything pass, deny nothing")
    func policies() throws {
        let allowing = try RunningState(server.address(), policy: .allow)
        let denying = try RunningState(server.address(), policy: .deny)
        _ = try allowing.decide("a", 10)
        _ = try denying.decide("b", 10)
        server.kill()
        try allowing.isAway()
        try denying.isAway()
        #expect(try allowing.decide("a", 1, limit: 10) == .allowed)
        #expect(try allowing.decide("c") == .allowed)
        #expect(try denying.decide("b") == .denied)
        #expect(try denying.decide("c", 1, limit: 10) == .denied)
    }

    @Test("afterwards nobody has a fresh budget, though Redis has forgotten everything")
    func recovery() throws {
        let (one, other) = (
            try RunningState(server.address()), try RunningState(server.address())
        )
        #expect(try one.decide("a", 3) == .applied([3]))
        #expect(try other.decide("b", 7) == .applied([7]))
        server.kill()
        try one.isAway()
        try other.isAway()
        #expect(try one.decide("a", 1) == .applied([4]))
        try server.restart()
        try one.isShared()
        try other.isShared()
        #expect(try one.decide("a", 1, limit: 5) == .applied([5]))
        // What one process knows the other learns from Redis.
        #expect(try other.decide("a", 1, limit: 5) == .declined([5]))
        // It is told when the key is next used by whoever knows.
        #expect(try other.decide("b", 1) == .applied([8]))
    }

    @Test("after a restart behind a connection that survived elsewhere the larger count holds")
    func merging() throws {
        let (one, other) = (
            try RunningState(server.address()), try RunningState(server.address())
        )
        _ = try one.decide("a", 3)
        _ = try other.decide("a", 2)
        server.kill()
        try one.isAway()
        try other.isAway()
        try server.restart()
        try one.isShared()
        try other.isShared()
        // one knows of 3, other of 5.
        #expect(try one.decide("a", 1) == .applied([4]))
        #expect(try other.decide("a", 1) == .applied([6]))
        #expect(try one.decide("a", 1) == .applied([7]))
    }

    @Test("a server that hangs delays a step by no more than the timeout, and the next not at all")
    func hanging() throws {
        let timeout = Duration.milliseconds(100)
        let state = try RunningState(server.address(), timeout: timeout)
        _ = try state.decide("a")
        try server.pause()
        defer { server.resume() }
        let clock = ContinuousClock()
        var decided: Decided?
        let first = try clock.measure { decided = try state.decide("a") }
        #expect(decided == .applied([2]))
        // The machine that runs the tests adds its own.
        #expect(first < timeout + .milliseconds(50))
        let next = try clock.measure { decided = try state.decide("a") }
        #expect(decided == .applied([3]))
        #expect(next < .milliseconds(50))
        #expect(state.errors == 2)
        server.resume()
        try state.isShared()
        // Redis may have run the step that was given up; it is not taken back.
        guard case .applied(let words) = try state.decide("a") else {
            Issue.record("declined without a limit")
            return
        }
        #expect((4...5).contains(words[0]))
    }

    @Test("each change is told once, and is visible while it lasts")
    func told() throws {
        let state = try RunningState(server.address())
        #expect(state.sharing.condition == .shared)
        server.kill()
        try state.isAway()
        for _ in 0..<5 { _ = try state.decide("a") }
        guard case .away(let why) = state.sharing.condition else {
            Issue.record("it is \(state.sharing.condition)")
            return
        }
        #expect(why.hasPrefix("127.0.0.1:\(server.port): "))
        try server.restart()
        try state.isShared()
        #expect(state.sharing.condition == .shared)
        #expect(
            state.log.current == [
                "shared state is away: limits are counted by this process alone until Redis answers again",
                "shared state is back: Redis answers again",
            ])
        #expect(state.errors == 5)
    }

    @Test("a Redis that answers and does not do is said once, and steps are taken in memory")
    func refusing() throws {
        let state = try RunningState(server.address())
        _ = try state.decide("a", 2)
        #expect(try server.tell("CONFIG SET maxmemory 1") == "+OK")
        #expect(try state.decide("a", 1) == .applied([3]))
        #expect(try state.decide("a", 1) == .applied([4]))
        guard case .away(let why) = state.sharing.condition else {
            Issue.record("it is \(state.sharing.condition)")
            return
        }
        #expect(why.contains("OOM"))
        #expect(try server.tell("CONFIG SET maxmemory 0") == "+OK")
        #expect(try state.decide("a", 1) == .applied([5]))
        #expect(state.sharing.condition == .shared)
        #expect(
            state.log.current == [
                "shared state is refused by Redis", "shared state is taken by Redis again",
            ])
    }

    @Test("one that was never there is told of, and joined when it comes")
    func late() throws {
        server.kill()
        let state = try RunningState(server.address())
        try state.isAway()
        #expect(try state.decide("a", 2) == .applied([2]))
        try server.restart()
        try state.isShared()
        #expect(try state.decide("a", 1) == .applied([3]))
        #expect(try RunningState(server.address()).decide("a", 1) == .applied([4]))
    }
}

extension StateOutageTests {
    @Test("a limit that is used up stays so for all, though Redis has forgotten and only one knows")
    func usedUp() throws {
        let (one, other) = (
            try RunningState(server.address()), try RunningState(server.address())
        )
        _ = try one.decide("a", 3)
        server.kill()
        try one.isAway()
        try other.isAway()
        try server.restart()
        try one.isShared()
        try other.isShared()
        #expect(try one.decide("a", 1, limit: 3) == .declined([3]))
        #expect(try other.decide("a", 1, limit: 3) == .declined([3]))
    }
}
