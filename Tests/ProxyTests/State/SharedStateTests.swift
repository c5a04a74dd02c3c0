import PluginAPI
import Testing

@testable import Proxy

@Suite("Shared state, in memory and in Redis", .timeLimit(.minutes(5)))
struct SharedStateTests {
    let server: RedisServer

    init() throws { server = try RedisServer() }

    @Test(
        "counts by key, and a step that is declined changes nothing", arguments: StateKind.allCases)
    func counts(_ kind: StateKind) throws {
        let state = try RunningState(kind, server)
        #expect(try state.decide("a") == .applied([1]))
        #expect(try state.decide("a", 2) == .applied([3]))
        #expect(try state.decide("b") == .applied([1]))
        #expect(try state.decide("a", 1, limit: 3) == .declined([3]))
        #expect(try state.decide("a", 1, limit: 4) == .applied([4]))
    }

    @Test("a step in the background counts like another", arguments: StateKind.allCases)
    func background(_ kind: StateKind) throws {
        let state = try RunningState(kind, server)
        #expect(try state.take("a", 5) == 5)
        #expect(try state.decide("a", 1, limit: 5) == .declined([5]))
        #expect(try state.take("a", -2) == 3)
        #expect(try state.decide("a", 1, limit: 5) == .applied([4]))
    }

    @Test("a record is forgotten when its lifetime is over", arguments: StateKind.allCases)
    func lifetime(_ kind: StateKind) throws {
        let state = try RunningState(
            kind == .redis ? server.address() : nil, program: CountProgram(lifetime: 20_000))
        #expect(try state.decide("a") == .applied([1]))
        try state.thread.passes(.milliseconds(60))
        #expect(try state.decide("a") == .applied([1]))
    }

    @Test("keys of all kinds are kept apart", arguments: StateKind.allCases)
    func keys(_ kind: StateKind) throws {
        let state = try RunningState(kind, server)
        let network = try #require(Network("192.0.2.0/24"))
        let keys: [StateKey] = [
            .everyone, StateKey(network), StateKey(7), "7", "*x", "a b", "a{b}c",
            StateKey(String(repeating: "x", count: 100_000)), "\r\n$1", "é",
        ]
        for key in keys { #expect(try state.decide(key) == .applied([1])) }
        for key in keys { #expect(try state.decide(key) == .applied([2])) }
    }

    @Test("random steps give the same in both", arguments: 0..<5)
    func agreement(_ seed: Int) throws {
        let memory = try RunningState(.memory, server)
        let redis = try RunningState(.redis, server)
        var random = Randomness(seed: seed)
        for _ in 0..<300 {
            let key = StateKey(UInt64.random(in: 0..<5, using: &random))
            let amount = Double(Int.random(in: -2...5, using: &random)) / 4
            let limit = Double(Int.random(in: 0...30, using: &random))
            #expect(
                try memory.decide(key, amount, limit: limit)
                    == redis.decide(key, amount, limit: limit))
        }
    }

    @Test("processes that share it count together, and those that do not count apart")
    func sharing() throws {
        let (one, other) = (
            try RunningState(.redis, server), try RunningState(.redis, server)
        )
        for count in stride(from: 1.0, to: 20, by: 2) {
            #expect(try one.decide("a") == .applied([count]))
            #expect(try other.decide("a") == .applied([count + 1]))
        }
        #expect(try one.decide("a", 1, limit: 20) == .declined([20]))
        #expect(try RunningState(.memory, server).decide("a", 1, limit: 20) == .applied([1]))
    }

    @Test("every key in Redis has an expiry from its first step on")
    func expiry() throws {
        let state = try RunningState(.redis, server)
        for key in 0..<20 as Range<UInt64> { _ = try state.decide(StateKey(key)) }
        #expect(try server.tell("DBSIZE") == ":20")
        let remaining = try server.tell("PTTL sluice:test:{0000000000000003}")
        let milliseconds = try #require(Int(remaining.dropFirst()))
        #expect((1...60_000).contains(milliseconds))
    }

    @Test("one that is known to be used up is declined without asking")
    func knownRefusal() throws {
        let state = try RunningState(.redis, server)
        #expect(try !state.isDecidedAtOnce("a", limit: 2))
        _ = try state.decide("a", 2)
        #expect(try state.isDecidedAtOnce("a", limit: 2))
        #expect(try !state.isDecidedAtOnce("a", limit: 3))
        try server.pause()
        defer { server.resume() }
        #expect(try state.decide("a", limit: 2) == .declined([2]))
    }

    @Test("a restart of the script cache goes unnoticed")
    func scriptFlush() throws {
        let state = try RunningState(.redis, server)
        #expect(try state.decide("a") == .applied([1]))
        #expect(try server.tell("SCRIPT FLUSH") == "+OK")
        #expect(try state.decide("a") == .applied([2]))
        #expect(state.errors == 0)
    }
}

extension StateKey: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}
