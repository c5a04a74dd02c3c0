import Testing

@testable import Plugins

@Suite("Objects found by a hash")
struct HashIndexTests {
    private final class Number: Sendable {
        let value: Int

        init(_ value: Int) { self.value = value }
    }

    @Test(
        "are found again, and nothing else is, whether their hashes differ or not",
        arguments: [1, 7, .max])
    func find(hashes: UInt64) {
        var index = HashIndex<Number>()
        for value in 0..<1000 {
            let hash = UInt64(value) % hashes
            #expect(index.first(hash) { $0.value == value } == nil)
            index.insert(Number(value), hash)
            #expect(index.first(hash) { $0.value == value }?.value == value)
        }
        #expect(index.elements.map(\.value) == Array(0..<1000))
        for value in 0..<1000 {
            #expect(index.first(UInt64(value) % hashes) { $0.value == value }?.value == value)
        }
        #expect(index.first(5) { _ in false } == nil)
    }
}
