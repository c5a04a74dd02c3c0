import PluginAPI
import Testing

@Suite("Reading JSON")
struct JSONReaderTests {
    @Test("any value is read back, however it is written", arguments: 0..<400)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = RandomJSON.value(&random, depth: 0)
        let text = RandomJSON.written(value, &random)
        let result = JSONReader.read(Array(text.utf8))
        #expect(result.issues.isEmpty, "\(text)")
        #expect(result.value?.writtenJSON == value, "\(text)")
    }

    @Test("a value written by this program is read back", arguments: 0..<100)
    func ownWriting(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = RandomJSON.value(&random, depth: 0)
        for text in [value.description, value.indented] {
            #expect(JSONReader.read(Array(text.utf8)).value?.writtenJSON == value, "\(text)")
        }
    }

    @Test("no bytes make it fail, and each that is refused has a reason", arguments: 0..<400)
    func anyBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bytes = Array(RandomJSON.written(RandomJSON.value(&random, depth: 0), &random).utf8)
        for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            default:
                bytes.insert(
                    contentsOf: Array("{}[]\",:\\/*'".utf8).shuffled(using: &random).prefix(2),
                    at: place)
            }
        }
        let result = JSONReader.read(bytes)
        #expect(result.value != nil || !result.issues.isEmpty)
        #expect(result.issues.count <= JSONReader.issueLimit)
    }

    @Test("every key and value has its place")
    func places() throws {
        let text = """
            // größe
            { "a": [1, "zwölf", {
                "b": null } ] }
            """
        let root = try #require(JSONReader.read(Array(text.utf8)).value)
        #expect(root.position == .init(line: 2, column: 1))
        let list = try #require(root["a"])
        #expect(list.position == .init(line: 2, column: 8))
        #expect(list.array?[1].position == .init(line: 2, column: 12))
        let object = try #require(list.array?[2])
        #expect(object.position == .init(line: 2, column: 21))
        let member = try #require(object.object?.first)
        #expect(member.namePosition == .init(line: 3, column: 5))
        #expect(member.value.position == .init(line: 3, column: 10))
        #expect(member.value.path.description == "a[2].b")
    }

    @Test("a byte order mark takes no column")
    func byteOrderMark() {
        let result = JSONReader.read(Array("\u{FEFF}[1]".utf8))
        #expect(result.value?.array?.first?.position == .init(line: 1, column: 2))
    }

    @Test("numbers keep their digits")
    func numbers() {
        let text = "[0, -0, 10, 1.50, 1e5, 1E+05, 2e-3, 123456789012345678901234567890]"
        let read = JSONReader.read(Array(text.utf8)).value?.array?.map(\.writtenJSON.description)
        #expect(
            read == [
                "0", "-0", "10", "1.50", "1e5", "1E+05", "2e-3", "123456789012345678901234567890",
            ])
    }

    @Test(
        "what is not UTF-8 is refused with its place",
        arguments: [
            ([0xFF], "0xff"), ([0xC3, 0x28], "0xc3"), ([0xE2, 0x82], "0xe2"),
            ([0xED, 0xA0, 0x80], "0xed"), ([0xF4, 0x90, 0x80, 0x80], "0xf4"),
            ([0xC0, 0xAF], "0xc0"),
        ] as [([UInt8], String)])
    func invalidUTF8(bytes: [UInt8], shown: String) throws {
        let result = JSONReader.read(Array("{\n \"ä\": \"".utf8) + bytes + Array("\"}".utf8))
        #expect(result.value == nil)
        let issue = try #require(result.issues.first)
        #expect(issue.message == "expected text in UTF-8, found the byte \(shown)")
        guard case .at(_, let position) = issue.place else { return #expect(Bool(false)) }
        #expect(position == .init(line: 2, column: 8))
    }

    @Test("surrogate pairs are one character")
    func surrogates() {
        #expect(JSONReader.read(Array(#""\ud83d\udea6""#.utf8)).value?.string == "🚦")
    }

    @Test("a file that is too large is refused before it is read")
    func size() {
        let result = JSONReader.read([UInt8](repeating: 0x20, count: JSONReader.sizeLimit + 1))
        #expect(result.value == nil)
        #expect(
            result.issues.map(\.message) == [
                "expected a file of at most 4 MiB, found 4194305 bytes"
            ])
    }

    @Test("a long file of one line is read to its end")
    func longLine() {
        let text = "[" + String(repeating: "{\"a\":1},", count: 50_000) + "]"
        #expect(JSONReader.read(Array(text.utf8)).value?.array?.count == 50_000)
    }
}
