import PluginAPI
import Testing

@Suite("The memory of a head")
struct HeadStorageTests {
    private func append(_ bytes: [UInt8], to storage: HeadStorage) -> ByteRange {
        bytes.withUnsafeBufferPointer { storage.append($0) }
    }

    @Test("ranges stay valid while it grows")
    func growth() {
        let storage = HeadStorage()
        var expected: [(ByteRange, [UInt8])] = []
        for count in 0..<300 {
            let bytes = [UInt8](repeating: UInt8(count % 251), count: count)
            expected.append((append(bytes, to: storage), bytes))
        }
        for (range, bytes) in expected {
            #expect(storage.slice(range).elementsEqual(bytes))
        }
        #expect(storage.count == 300 * 299 / 2)
    }

    @Test("its own bytes can be added to it, at any fill")
    func ownBytes() {
        for fill in 1000...1024 {
            let storage = HeadStorage()
            let first = append(Array("a value to repeat".utf8), to: storage)
            _ = append([UInt8](repeating: 0, count: fill - first.count), to: storage)
            let second = storage.append(storage.slice(first))
            #expect(storage.slice(second).elementsEqual("a value to repeat".utf8))
        }
    }

    @Test("memory that a large head took is given back, a usual one's kept")
    func release() {
        let storage = HeadStorage()
        let usual = storage.capacity
        _ = append([UInt8](repeating: 1, count: 2 * usual), to: storage)
        let larger = storage.capacity
        storage.removeAll()
        #expect(storage.count == 0)
        #expect(storage.capacity == larger)
        _ = append([UInt8](repeating: 1, count: 65536), to: storage)
        storage.removeAll()
        #expect(storage.capacity == usual)
    }

    @Test("a range keeps positions of 32 bits")
    func range() {
        let range = ByteRange(offset: 4_000_000_000, count: 200_000_000)
        #expect(range.offset == 4_000_000_000)
        #expect(range.count == 200_000_000)
        #expect(range.end == 4_200_000_000)
        #expect(ByteRange.empty == ByteRange(offset: 0, count: 0))
        #expect(MemoryLayout<ByteRange>.size == 8)
    }
}
