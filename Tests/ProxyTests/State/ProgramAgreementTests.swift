import PluginAPI
import Plugins
import Testing

@testable import Proxy

/// A program of a plugin, and random steps that it may be given.
struct ProgramCase: Sendable, CustomTestStringConvertible {
    let name: String
    let program: any StateProgram
    /// The arguments of a step, and how many µs have passed since the one before.
    let step: @Sendable (inout Randomness) -> (arguments: [Double], passed: Double)

    var testDescription: String { name }
}

/// Each program is written twice. Here the two run beside each other, by the same clock.
@Suite("Programs in Swift and in Lua", .timeLimit(.minutes(5)))
struct ProgramAgreementTests {
    @Test("compute the same", arguments: ProgramCase.all)
    func agree(_ program: ProgramCase) throws {
        let server = try RedisServer()
        let redis = try RunningRedisConnection(server.address())
        try redis.isReady()
        let script = StateScript(program.program)
        let timed = try script.atGivenTimes()
        for seed in 0..<3 {
            let table = RecordTable("test", Everlasting(program: program.program), maximumKeys: 10)
            let key = StateKey(UInt64(seed))
            var random = Randomness(seed: seed)
            var now = 1_767_225_600_000_000.0
            for turn in 0..<300 {
                let (arguments, passed) = program.step(&random)
                now += passed
                var words = StateWords()
                for argument in arguments { words.append(argument) }
                let expected = table.run(StateStep(table, key, words), now: now)
                var sent = script.arguments(Array("\(key)".utf8), [], words)
                sent.append(Int64(now))
                let text = try redis.evaluate(timed, sent)
                let reply = try #require(
                    script.reply(text), "turn \(turn): \(text)")
                let (found, wanted) = (reply.result.list, expected.everlastingList)
                guard found == wanted else {
                    Issue.record("turn \(turn), \(arguments): Swift \(wanted), Lua \(found)")
                    return
                }
            }
        }
    }

    @Test("merge the same", arguments: ProgramCase.all)
    func merge(_ program: ProgramCase) throws {
        let server = try RedisServer()
        let redis = try RunningRedisConnection(server.address())
        try redis.isReady()
        let script = StateScript(program.program)
        let timed = try script.atGivenTimes()
        var random = Randomness(seed: 11)
        for turn in 0..<60 {
            var now = 1_767_225_600_000_000.0
            let here = RecordTable("here", Everlasting(program: program.program), maximumKeys: 10)
            let there = RecordTable("there", Everlasting(program: program.program), maximumKeys: 10)
            let key = StateKey(UInt64(turn))
            /// Some steps here, some there.
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let (arguments, passed) = program.step(&random)
                now += passed
                var words = StateWords()
                for argument in arguments { words.append(argument) }
                if Bool.random(using: &random) {
                    _ = here.run(StateStep(here, key, words), now: now)
                } else {
                    _ = there.run(StateStep(there, key, words), now: now)
                    var sent = script.arguments(Array("\(key)".utf8), [], words)
                    sent.append(Int64(now))
                    _ = try redis.evaluate(timed, sent)
                }
            }
            var untold: [Double] = []
            here.withUntold(key, mark: 1, now: now) { record in
                untold = record.indices.map { record[$0] }
            }
            let (arguments, _) = program.step(&random)
            var words = StateWords()
            for argument in arguments { words.append(argument) }
            if !untold.isEmpty { there.merge(key, untold.span, lifetime: .infinity, now: now) }
            let expected = there.run(StateStep(there, key, words), now: now)
            var sent = script.arguments(Array("\(key)".utf8), untold, words)
            sent.append(Int64(now))
            let text = try redis.evaluate(timed, sent)
            let reply = try #require(script.reply(text), "turn \(turn): \(text)")
            #expect(reply.result.list == expected.everlastingList, "turn \(turn), \(untold)")
        }
    }
}

/// A program whose records are never forgotten, as they are not in the test's Redis either: how long they
/// are to be kept is the last word of its results.
private struct Everlasting: StateProgram {
    let program: any StateProgram

    var recordSize: Int { program.recordSize }
    var script: String { program.script }

    func run(_ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double)
        -> StateResult
    {
        var result = program.run(&record, arguments, now: now)
        result.words.append(result.lifetime)
        result.lifetime = .infinity
        return result
    }

    func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        program.merge(&record, other)
    }
}

extension StateScript {
    fileprivate func reply(_ text: String) -> Reply? {
        // With the zero byte that follows what hiredis hands over.
        (Array(text.utf8) + [0]).withUnsafeBufferPointer {
            reply(UnsafeBufferPointer(rebasing: $0.dropLast()))
        }
    }

    /// The same with the time as its last argument, and without an expiry: by the test's clock nothing
    /// of what Redis forgets has to be remembered.
    fileprivate func atGivenTimes() throws -> RedisScript {
        var source = String(decoding: script.source, as: UTF8.self)
        func replace(_ text: String, _ other: String) throws {
            try #require(source.contains(text), "the script has changed: \(text)")
            source = source.replacing(text, with: other)
        }
        try replace("local time = redis.call('TIME')", "")
        try replace(
            "tonumber(time[1]) * 1000000 + tonumber(time[2])", "tonumber(table.remove(ARGV))")
        try replace(", 'PX', math.max(1, math.ceil(lifetime / 1000)))", ")")
        return RedisScript(source: source)
    }
}

extension StateResult {
    /// All that it says.
    fileprivate var list: [Double] {
        [isApplied ? 1 : 0] + (0..<words.count).map { words[$0] } + [lifetime]
    }

    /// The same of an everlasting program's.
    fileprivate var everlastingList: [Double] {
        [isApplied ? 1 : 0] + (0..<words.count).map { words[$0] }
    }
}

extension RunningRedisConnection {
    /// The text of the answer.
    fileprivate func evaluate(_ script: RedisScript, _ arguments: RedisArguments) throws -> String {
        let received = Watched<ReceivedReply?>(nil)
        try thread.perform { [self] in
            connection.evaluate(script, arguments) { result in
                received.change { $0 = ReceivedReply(result) }
            }
        }
        let reply = try received.wait(for: "a reply") { $0 != nil }!
        guard case .text(let text) = reply else { throw Failure("\(reply)") }
        return text
    }
}
