import PluginAPI
import Testing

@testable import Proxy

@Suite("The parts of a Redis connection")
struct RedisPartsTests {
    @Test(
        "numbers are written in digits",
        arguments: [0, 7, 10, -1, -10, 1_234_567_890_123, .max, .min] as [Int64])
    func numbers(number: Int64) {
        var arguments = RedisArguments()
        arguments.append(number)
        let digits = String(number)
        #expect(
            String(decoding: arguments.encoded, as: UTF8.self)
                == "$\(digits.utf8.count)\r\n\(digits)\r\n")
    }

    @Test("arguments are written with their lengths")
    func arguments() {
        var arguments = RedisArguments([Array("key".utf8), []])
        arguments.append("1234567890")
        #expect(arguments.count == 3)
        #expect(
            String(decoding: arguments.encoded, as: UTF8.self)
                == "$3\r\nkey\r\n$0\r\n\r\n$10\r\n1234567890\r\n")
    }

    @Test("delays double from the first to the bound, less up to a half, and begin again")
    func delays() {
        var random = Randomness(seed: 1)
        var delay = ReconnectDelay(first: .milliseconds(50), maximum: .seconds(2))
        for _ in 0..<2 {
            for whole in [50, 100, 200, 400, 800, 1600] + Array(repeating: 2000, count: 100) {
                let next = delay.next(using: &random)
                #expect(next >= .milliseconds(whole) / 2 && next <= .milliseconds(whole))
            }
            delay.reset()
        }
        let firsts = Set(
            (0..<20).map { _ in
                delay.reset()
                return delay.next(using: &random)
            })
        #expect(firsts.count > 10)
    }

    @Test("a command that is sent again keeps its deadline, behind those with later ones")
    func deadlines() {
        func time(_ milliseconds: UInt64) -> MonotonicTime {
            MonotonicTime(nanoseconds: milliseconds * 1_000_000)
        }
        var pending = PendingReplies()
        pending.append(.command { _ in })
        #expect(pending.earliestDeadline == nil)
        pending.markWritten(deadline: time(50))
        pending.append(.command { _ in })
        pending.markWritten(deadline: time(70))
        #expect(pending.earliestDeadline == time(50))
        let again = pending.popFirst()!
        #expect(pending.earliestDeadline == time(70))
        pending.append(again.purpose, deadline: again.deadline)
        pending.markWritten(deadline: time(90))
        #expect(pending.earliestDeadline == time(50))
    }

    @Test("pending commands come out as they went in, and a queue that is never empty stays small")
    func order() {
        var pending = PendingReplies()
        var (next, popped) = (0, [Int]())
        func put() {
            let number = next
            pending.append(.command { _ in popped.append(number) })
            next += 1
        }
        for _ in 0..<1500 { put() }
        for round in 0..<20_000 {
            put()
            if round % 7 == 0 {
                pending.markWritten(deadline: MonotonicTime(nanoseconds: UInt64(round)))
            }
            pending.popFirst()!.fail(.timedOut)
        }
        #expect(pending.entries.count < 10_000)
        while let entry = pending.popFirst() { entry.fail(.timedOut) }
        #expect(popped == Array(0..<next))
        #expect(pending.isEmpty)
    }

    @Test(
        "an address is its own, and asks nobody",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("2001:DB8::0:1", "2001:db8::1"),
            ("localhost", nil), ("redis.example", nil), ("", nil), ("1.2.3.4.5", nil),
        ])
    func addresses(host: String, address: String?) {
        #expect(HostResolver.address(host) == address)
    }

    @Test(
        "an error that no other command would escape means that the server is away",
        arguments: [
            ("READONLY You can't write against a read only replica.", true),
            ("ERR Error running script (call to f_1): -READONLY You can't write", true),
            ("LOADING Redis is loading the dataset in memory", true),
            ("BUSY Redis is busy running a script.", true),
            ("BUSYGROUP Consumer Group name already exists", false),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", false),
            ("ERR unknown command", false),
        ])
    func away(words: String, isAway: Bool) {
        #expect(RedisFailure.meansAway(words) == isAway)
    }
}
