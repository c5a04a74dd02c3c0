import PluginAPI
import Testing

@testable import Plugins

@Suite("Patterns of media types")
struct MediaTypePropertyTests {
    /// The same by `Glob`, on texts that are lower-case and well-formed.
    private static func agrees(_ pattern: String, _ type: String) -> Bool {
        Glob(pattern)!.matches(type)
    }

    @Test("they match as patterns of names do, half by half and without case", arguments: 0..<20)
    func agreement(seed: Int) throws {
        var random = SplitMix64(seed: seed)
        // Few letters, so that things often match.
        func word() -> String {
            let length = Int.random(in: 1...4, using: &random)
            return String((0..<length).map { _ in "ab+".randomElement(using: &random)! })
        }
        var matches = 0
        for _ in 0..<2000 {
            let (type, subtype) = (["a", "b"].randomElement(using: &random)!, word())
            let wanted = ["a", "b"].randomElement(using: &random)!
            var pattern = word()
            if Bool.random(using: &random) {
                let place = pattern.indices.randomElement(using: &random)!
                pattern.insert("*", at: place)
            }
            let expected = type == wanted && Self.agrees(pattern, subtype)
            let written = "\(type)/\(subtype)"
            let sent = Bool.random(using: &random) ? written.uppercased() : written
            let found = try #require(MediaTypePattern("\(wanted)/\(pattern)"))
            let isMatch = Array("\(sent);q=1".utf8).withUnsafeBufferPointer { bytes in
                MediaType(bytes).map { found.matches($0) }
            }
            #expect(isMatch == expected, "\(sent) by \(wanted)/\(pattern)")
            if expected { matches += 1 }
        }
        #expect(matches > 20)
    }

    @Test("no bytes at all make it read beyond them", arguments: 0..<20)
    func anyBytes(seed: Int) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("a/;, \t*\"\u{FC}".utf8)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                alphabet.randomElement(using: &random)!
            }
            bytes.withUnsafeBufferPointer { bytes in
                guard let media = MediaType(bytes) else { return }
                #expect(media.type.allSatisfy(ASCII.isTokenByte) && !media.type.isEmpty)
                #expect(media.subtype.allSatisfy(ASCII.isTokenByte) && !media.subtype.isEmpty)
            }
        }
    }
}
