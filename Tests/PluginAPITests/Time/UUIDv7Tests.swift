import PluginAPI
import Testing

@Suite("Identifiers by time")
struct UUIDv7Tests {
    @Test("an identifier has the time, the version and the variant in their places")
    func form() {
        for microseconds in [0, 1_645_557_742_000_000, 1_767_225_599_999_999] as [Int64] {
            let text = UUIDv7.make(at: WallTime(microseconds: microseconds))
            let parts = text.split(separator: "-")
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(text.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase })
            #expect(Int64(parts[0] + parts[1], radix: 16) == microseconds / 1000)
            #expect(parts[2].first == "7")
            #expect("89ab".contains(parts[3].first!))
        }
    }

    @Test("identifiers differ, and sort by their milliseconds")
    func order() {
        let made = (0..<1000).map { UUIDv7.make(at: WallTime(microseconds: Int64($0) * 1000)) }
        #expect(made == made.sorted())
        let same = (0..<1000).map { _ in UUIDv7.make(at: WallTime(microseconds: 5)) }
        #expect(Set(same).count == 1000)
    }

    @Test("a time before 1970 does not break it")
    func early() {
        #expect(UUIDv7.make(at: WallTime(microseconds: -5_000_000)).hasPrefix("00000000-0000-7"))
    }
}
