import PluginAPI
import Testing

@Suite("SipHash-2-4 of 128 bits")
struct SipHashTests {
    /// That of the authors' vectors: the bytes from 0 to 15.
    private static let secret = SipHash.Secret(
        words: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))

    @Test(
        "of so many bytes from 0 on, as the authors' vectors and OpenSSL have it",
        arguments: [
            (0, "a3817f04ba25a8e66df67214c7550293"),
            (1, "da87c1d86b99af44347659119b22fc45"),
            (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
            (8, "3b62a9ba6258f5610f83e264f31497b4"),
            (9, "264499060ad9baabc47f8b02bb6d71ed"),
            (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
            (16, "6ee2a4ca67b054bbfd3315bf85230577"),
            (63, "5150d1772f50834a503e069a973fbd7c"),
        ])
    func vectors(count: Int, hash: String) {
        let bytes = (0..<count).map { UInt8($0) }
        let found = bytes.withUnsafeBufferPointer { SipHash($0, Self.secret) }
        let digits = [found.low, found.high].map { half in
            let text = String(half.byteSwapped, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        #expect(digits.joined() == hash)
    }

    @Test("another secret makes another hash")
    func secrets() {
        let hashes = (0..<2).map { _ in
            [UInt8]("a key".utf8).withUnsafeBufferPointer { SipHash($0, .random()) }
        }
        #expect(hashes[0] != hashes[1])
    }
}
