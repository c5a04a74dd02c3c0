import PluginAPI
import Testing

@Suite("A run of a head's bytes")
struct BytesTests {
    private func bytes(_ text: String) -> Bytes {
        let storage = HeadStorage()
        _ = Array("before".utf8).withUnsafeBufferPointer { storage.append($0) }
        let range = Array(text.utf8).withUnsafeBufferPointer { storage.append($0) }
        return Bytes(storage: storage, range: range)
    }

    @Test("it is a collection of its bytes")
    func collection() {
        let run = bytes("héllo")
        #expect(Array(run) == Array("héllo".utf8))
        #expect(run.count == 6)
        #expect(run.first == UInt8(ascii: "h"))
        #expect(run[5] == UInt8(ascii: "o"))
        #expect(bytes("").isEmpty)
        #expect(bytes("").first == nil)
        #expect(run.withBytes { $0.count } == 6)
    }

    @Test("it is equal to the same bytes, in whatever form")
    func equality() {
        let run = bytes("Value")
        #expect(run == bytes("Value"))
        #expect(run != bytes("value"))
        #expect(run != bytes("Valu"))
        #expect(run == ("Value" as StaticString))
        #expect(!(run == ("Values" as StaticString)))
        #expect(run == String("Value"))
        #expect(!(run == String("valuE")))
        #expect(bytes("") == bytes(""))
        #expect(bytes("") == ("" as StaticString))
        #expect(run.equalsIgnoringCase("vALUE"))
        #expect(!run.equalsIgnoringCase("vALU"))
        #expect(Set([run, bytes("Value"), bytes("x")]).count == 2)
    }

    @Test("text that is not UTF-8 is repaired")
    func text() {
        let storage = HeadStorage()
        let range = ([0x61, 0xFF, 0x62] as [UInt8]).withUnsafeBufferPointer { storage.append($0) }
        #expect(Bytes(storage: storage, range: range).string == "a\u{FFFD}b")
        #expect("\(bytes("é"))" == "é")
    }

    @Test("a decimal is read")
    func decimal() {
        #expect(bytes("42").decimal == 42)
        #expect(bytes("4 2").decimal == nil)
        #expect(bytes("").decimal == nil)
    }
}
