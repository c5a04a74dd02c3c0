import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("traceparent")
struct TraceParentTests {
    static let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func parse(_ text: String) -> TraceParent? { parse(Array(text.utf8)) }

    private func parse(_ bytes: [UInt8]) -> TraceParent? {
        bytes.withUnsafeBufferPointer { TraceParent($0) }
    }

    private func written(_ place: TraceParent) -> String? {
        let headers = TestRequest().exchange().request.headers
        place.set(in: headers)
        return headers["traceparent"]?.string
    }

    @Test("a valid one is read, and written as it was")
    func valid() {
        let place = parse(Self.valid)
        #expect(place?.trace.high == 0x0af7_6519_16cd_43dd)
        #expect(place?.trace.low == 0x8448_eb21_1c80_319c)
        #expect(place?.span == 0xb7ad_6b71_6920_3331)
        #expect(place?.isSampled == true)
        #expect(place.flatMap(written) == Self.valid)
    }

    @Test(
        "of the flags only the sampled one is read, and no other goes on",
        arguments: [("00", "00"), ("01", "01"), ("02", "00"), ("03", "01"), ("ff", "01")])
    func flags(came: String, goes: String) {
        let place = parse(Self.valid.dropLast(2) + came)
        #expect(place.flatMap(written) == Self.valid.dropLast(2) + goes)
    }

    @Test(
        "a version that is not known is read as far as it is, and goes on as version 00",
        arguments: [
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        ])
    func future(text: String) {
        #expect(parse(text).flatMap(written) == Self.valid)
    }

    @Test(
        "what the recommendation forbids is not valid",
        arguments: [
            "", "00", String(repeating: "0", count: 55),
            // Longer or shorter than its version is.
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            // A version that there will never be.
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "FF-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            // Identifiers of zeros only.
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            // Upper case, other bytes, other dashes.
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0A",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0 ",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            ".0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ])
    func invalid(text: String) {
        #expect(parse(text) == nil)
    }

    /// What is valid, told in another way.
    private func isValid(_ text: String) -> Bool {
        guard
            let match = text.wholeMatch(
                of:
                    /(?<version>[0-9a-f]{2})-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-[0-9a-f]{2}(?<rest>-.*)?/
            )
        else { return false }
        return match.version != "ff" && match.trace.contains { $0 != "0" }
            && match.span.contains { $0 != "0" } && (match.version != "00" || match.rest == nil)
    }

    @Test("whatever comes is judged as a regular expression would judge it")
    func random() {
        var random = SplitMix64(seed: 20)
        let alphabet = Array("0123456789abcdefABCDEF-g \u{0}~".utf8)
        var valid = 0
        for _ in 0..<100_000 {
            var bytes = Array(Self.valid.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
                case 1: bytes.remove(at: place)
                default: bytes[place] = alphabet.randomElement(using: &random)!
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect((parse(bytes) != nil) == isValid(text), "\(text)")
            if parse(bytes) != nil { valid += 1 }
        }
        #expect(valid > 10_000)
    }

    @Test("bytes of every kind and number are no reason to fall over")
    func noise() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...80, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(parse(bytes) == nil)
        }
    }

    @Test("what is written is read again as it was")
    func roundTrip() {
        var random = SplitMix64(seed: 22)
        for _ in 0..<1000 {
            let place = TraceParent(
                trace: (random.next(), random.next()), span: random.next() | 1,
                isSampled: Bool.random(using: &random))
            #expect(written(place).flatMap(parse) == place)
        }
    }
}
