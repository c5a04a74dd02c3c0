import PluginAPI
import Testing

@testable import Plugins

/// A record with nothing in it but a sketch, and a clock.
private struct Sketched {
    let sketch: AddressSketch
    var record: [Double]
    var fingerprint: UInt64 = 1
    /// In seconds.
    var now = 1_767_225_600.0

    init(_ threshold: Int, window: Duration = .seconds(600)) {
        sketch = AddressSketch(threshold: threshold, window: window)
        record = [Double](repeating: 0, count: sketch.size)
    }

    @discardableResult
    mutating func note(_ client: Network) -> Int {
        let (sketch, now) = (sketch, now * 1e6)
        let place = sketch.place(of: client, fingerprint: fingerprint)
        var span = record.mutableSpan
        return sketch.note(place, in: &span, at: 0, now: now).bits
    }

    mutating func merge(_ other: Sketched) {
        let sketch = sketch
        var span = record.mutableSpan
        sketch.merge(&span, other.record.span, at: 0)
    }

    /// How many bits are set, counted.
    var counted: Int {
        (3..<3 + sketch.words).reduce(0) {
            $0 + (UInt64(record[$1]) | UInt64(record[$1 + sketch.words])).nonzeroBitCount
        }
    }
}

private func address(_ number: Int) -> Network {
    Network(IPAddress(v4: 0x0A00_0000 + UInt32(number)), prefixLength: 32)
}

@Suite("The sketch of addresses")
struct AddressSketchTests {
    @Test("one address counts once, however often it comes")
    func oneAddress() {
        var sketched = Sketched(50)
        for _ in 0..<10_000 { #expect(sketched.note(address(1)) == 1) }
    }

    @Test("there are never more bits than addresses", arguments: [1, 2, 20, 50, 500, 1000])
    func neverEarly(threshold: Int) {
        var random = SplitMix64(seed: 1)
        for _ in 0..<10 {
            var sketched = Sketched(threshold)
            sketched.fingerprint = random.next()
            for number in 1..<threshold {
                #expect(sketched.note(address(number)) <= number)
            }
            #expect(sketched.counted < threshold)
        }
    }

    @Test(
        "the threshold is reached by as many addresses as chance has it, a little late",
        arguments: [5, 20, 50, 200, 600, 1000])
    func reached(threshold: Int) {
        var random = SplitMix64(seed: threshold)
        let trials = 300
        var total = 0
        for _ in 0..<trials {
            var sketched = Sketched(threshold)
            sketched.fingerprint = random.next()
            var number = 1
            while sketched.note(address(number)) < threshold { number += 1 }
            total += number
        }
        // To set another bit when `set` are takes a geometric number of addresses.
        let bits = Double(Sketched(threshold).sketch.bits)
        var (expected, variance) = (0.0, 0.0)
        for set in 0..<threshold {
            expected += bits / (bits - Double(set))
            variance += Double(set) * bits / ((bits - Double(set)) * (bits - Double(set)))
        }
        let mean = Double(total) / Double(trials)
        #expect(abs(mean - expected) < 5 * (variance / Double(trials)).squareRoot())
        // What the documentation promises.
        #expect(expected < (threshold > 600 ? 1.13 : 1.07) * Double(threshold))
        #expect(variance.squareRoot() < 0.1 * Double(threshold))
    }

    @Test("an address counts for one to two windows", arguments: [0.0, 1, 299, 599.9])
    func windows(offset: Double) {
        var sketched = Sketched(50)
        sketched.now += offset
        let start = sketched.now
        sketched.note(address(1))
        sketched.now = start + 599.9
        #expect(sketched.note(address(2)) == 2)
        sketched.now = start + 1200
        #expect(sketched.note(address(2)) == 1)
    }

    @Test("a record is kept until nothing in it counts any more")
    func lifetime() {
        var sketched = Sketched(50)
        for offset in [0.0, 1, 599] {
            sketched.now += offset
            sketched.note(address(1))
            let lifetime = sketched.sketch.lifetime(now: sketched.now * 1e6) / 1e6
            #expect(lifetime > 600 && lifetime <= 1200)
            var later = sketched
            later.now += lifetime - 0.1
            #expect(later.note(address(2)) == 2)
            later = sketched
            later.now += lifetime
            #expect(later.note(address(2)) == 1)
        }
    }

    @Test("a clock that steps back forgets nothing, and one that was far ahead holds nothing up")
    func clock() {
        var sketched = Sketched(50)
        sketched.note(address(1))
        sketched.now -= 1
        #expect(sketched.note(address(2)) == 2)
        sketched.now += 86_400
        #expect(sketched.note(address(3)) == 1)
        sketched.now -= 86_400
        #expect(sketched.note(address(4)) == 1)
        sketched.now += 1201
        #expect(sketched.note(address(5)) == 1)
    }

    @Test(
        "it counts as a set of addresses does, whatever comes when",
        arguments: 0..<50)
    func reference(seed: Int) {
        var random = SplitMix64(seed: seed)
        let threshold = Int.random(in: 1...100, using: &random)
        var sketched = Sketched(threshold, window: .seconds(60))
        // The places by the window in which they were last seen.
        var seen: [Int: Double] = [:]
        for _ in 0..<500 {
            sketched.now += Double.random(in: 0...10, using: &random)
            let address = address(Int.random(in: 0..<2 * threshold, using: &random))
            let window = (sketched.now / 60).rounded(.down)
            seen[sketched.sketch.place(of: address, fingerprint: 1)] = window
            let expected = seen.values.count { window - $0 <= 1 }
            #expect(sketched.note(address) == expected)
            #expect(sketched.counted == expected)
        }
    }

    @Test("two records become one as if it had seen all", arguments: 0..<50)
    func merge(seed: Int) {
        var random = SplitMix64(seed: seed)
        let lag = Double(Int.random(in: -3...3, using: &random)) * 60
        var (one, other, both) = (
            Sketched(40, window: .seconds(60)), Sketched(40, window: .seconds(60)),
            Sketched(40, window: .seconds(60))
        )
        let start = one.now
        // Up to three windows in which one of them sees some, and later ones for the other.
        var times = (0..<120).map { _ in Double.random(in: 0..<180, using: &random) }
        times.sort()
        let events = times.map { ($0, Int.random(in: 0..<60, using: &random)) }
        for (time, number) in events where number % 2 == 0 {
            one.now = start + time
            one.note(address(number))
        }
        for (time, number) in events where number % 2 == 1 {
            other.now = start + time + lag
            other.note(address(number))
        }
        let all =
            events.map { ($1 % 2 == 0 ? $0 : $0 + lag, $1) }.sorted { $0.0 < $1.0 }
        for (time, number) in all {
            both.now = start + time
            both.note(address(number))
        }
        let copy = one
        one.merge(other)
        #expect(one.record == both.record)
        other.merge(copy)
        #expect(other.record == both.record)
    }

    @Test("what is new changes nothing when it is merged, nor does merging twice")
    func mergeNothing() {
        var sketched = Sketched(40)
        for number in 0..<30 { sketched.note(address(number)) }
        let before = sketched.record
        sketched.merge(Sketched(40))
        #expect(sketched.record == before)
        sketched.merge(sketched)
        #expect(sketched.record == before)
        var new = Sketched(40)
        new.merge(sketched)
        #expect(new.record == before)
    }

    @Test("places are within the bits, and all of them are used")
    func places() {
        let sketch = AddressSketch(threshold: 50, window: .seconds(60))
        var used: Set<Int> = []
        for number in 0..<10_000 {
            used.insert(sketch.place(of: address(number), fingerprint: 3))
        }
        #expect(used == Set(0..<sketch.bits))
    }

    @Test("a record with a sketch in it stays within what a record may have", arguments: 1...1000)
    func size(threshold: Int) {
        let sketch = AddressSketch(threshold: threshold, window: .seconds(60))
        #expect(sketch.size <= 203)
        #expect(sketch.bits > 2 * threshold)
    }
}
