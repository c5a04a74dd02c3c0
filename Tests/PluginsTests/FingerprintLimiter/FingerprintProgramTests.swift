import PluginAPI
import Testing

@testable import Plugins

/// One fingerprint: its program with a record of its own, and a clock in µs.
private struct Fingerprinted {
    let program: FingerprintProgram
    let limits = Limits([Rate(10, per: .minute)])
    var record: [Double]
    var now = 1_767_225_600e6

    init(_ distinctAddresses: Int, window: Duration = .seconds(600)) {
        program = FingerprintProgram(
            LimiterProgram(.slidingWindow, windows: 1), distinctAddresses: distinctAddresses,
            window: window)
        record = [Double](repeating: 0, count: program.recordSize)
    }

    @discardableResult
    mutating func take(place: Int, cost: Double = 1) -> StateResult {
        var arguments = LimiterProgram.arguments(cost: cost, isForced: cost < 0, limits)
        arguments.append(Double(place))
        let (program, now) = (program, now)
        var span = record.mutableSpan
        return program.run(&span, arguments, now: now)
    }

    mutating func merge(_ other: Fingerprinted) {
        let program = program
        var span = record.mutableSpan
        program.merge(&span, other.record.span)
    }
}

@Suite("The program of the fingerprint limiter")
struct FingerprintProgramTests {
    @Test("until there are enough addresses nothing is counted, and then the limits begin in full")
    func threshold() {
        var one = Fingerprinted(3)
        for _ in 0..<100 {
            for place in 0..<2 {
                let result = one.take(place: place)
                #expect(result.isApplied)
                #expect(!FingerprintProgram.isInForce(result))
                #expect(!FingerprintProgram.hasReachedThreshold(result))
            }
        }
        for count in 1...10 {
            let result = one.take(place: 2)
            #expect(result.isApplied && FingerprintProgram.isInForce(result))
            #expect(FingerprintProgram.hasReachedThreshold(result) == (count == 1))
            #expect(result.words[0] == Double(10 - count))
        }
        #expect(!one.take(place: 0).isApplied)
    }

    @Test("addresses are noted when a request is declined too")
    func declined() {
        var one = Fingerprinted(3)
        for place in 0..<3 { one.take(place: place) }
        for _ in 0..<9 { one.take(place: 0) }
        one.now += 600e6
        // In the second window it is all the same three, and most are declined.
        for turn in 0..<300 {
            one.now += 1e6
            one.take(place: turn % 3)
        }
        one.now += 600e6
        #expect(FingerprintProgram.isInForce(one.take(place: 0)))
    }

    @Test("it is no longer in force when the addresses have not been seen for two windows")
    func over() {
        var one = Fingerprinted(3)
        for place in 0..<3 { one.take(place: place) }
        one.now += 1200e6
        #expect(!FingerprintProgram.isInForce(one.take(place: 0)))
    }

    @Test("a record is kept for as long as an address or a request in it counts")
    func lifetime() {
        var addresses = Fingerprinted(3)
        #expect(addresses.take(place: 0).lifetime > 600e6)
        var requests = Fingerprinted(1, window: .seconds(1))
        #expect(requests.take(place: 0).lifetime > 60e6)
    }

    @Test("what was counted is kept while too few addresses are left for the limits to hold")
    func lifetimeOfCounts() {
        var one = Fingerprinted(2, window: .seconds(1))
        for place in 0..<2 { one.take(place: place) }
        one.now += 5e6
        let result = one.take(place: 0)
        #expect(!FingerprintProgram.isInForce(result))
        #expect(result.lifetime > 54e6)
        one.merge(Fingerprinted(2, window: .seconds(1)))
        #expect(one.take(place: 0).lifetime == result.lifetime)
        one.now += 70e6
        #expect(one.take(place: 0).lifetime <= 2e6)
    }

    @Test("what is withdrawn is given back, and nothing is where nothing was counted")
    func withdrawal() {
        var one = Fingerprinted(3)
        one.take(place: 0)
        #expect(one.take(place: 0, cost: -1).isApplied)
        one.take(place: 1)
        #expect(one.take(place: 2).words[0] == 9)
        #expect(one.take(place: 2, cost: -1).words[0] == 10)
        #expect(one.take(place: 2, cost: -1).words[0] == 10)
    }

    @Test("two records become one that has seen the addresses of both, and is as used up as either")
    func merge() {
        var (one, other) = (Fingerprinted(3), Fingerprinted(3))
        for place in 0..<2 { one.take(place: place) }
        for place in 1..<4 { other.take(place: place) }
        for _ in 0..<5 { other.take(place: 1) }
        one.merge(other)
        let result = one.take(place: 0)
        #expect(FingerprintProgram.isInForce(result))
        #expect(result.words[0] == 3)
        #expect(result.words[result.words.count - 2] == 4)
    }

    @Test("the largest record is one that a state can keep")
    func largest() {
        let limiter = LimiterProgram(.slidingWindow, windows: 4)
        let program = FingerprintProgram(limiter, distinctAddresses: 1000, window: .seconds(1))
        #expect(program.recordSize <= 256)
    }
}
