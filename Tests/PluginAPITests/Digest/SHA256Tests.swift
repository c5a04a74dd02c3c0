import Foundation
import PluginAPI
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "the digests of FIPS 180-4's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                    + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func examples(text: String, digest: String) {
        #expect(SHA256(text).description == digest)
    }

    @Test("a million times the letter a, the longest of the examples")
    func million() {
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256(String(repeating: "a", count: 1_000_000)).description == digest)
    }

    /// Lengths at which the padding goes into a block of its own, or does not.
    @Test(
        "lengths around the ends of blocks",
        arguments: [
            (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
            (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
            (63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
            (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
            (119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
            (120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
            (128, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e"),
        ])
    func blockEnds(count: Int, digest: String) {
        #expect(SHA256(String(repeating: "a", count: count)).description == digest)
    }

    @Test("random bytes of every length up to 300 have the digests that sha256sum finds")
    func agreesWithTheTool() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var digests: [String] = []
        var files: [String] = []
        for length in 0...300 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255) }
            let file = folder.appending(path: "\(length)")
            try Data(bytes).write(to: file)
            files.append(file.path)
            digests.append(bytes.withUnsafeBufferPointer { SHA256($0).description })
        }
        #expect(try Self.sha256sum(files) == digests)
    }

    private static func sha256sum(_ files: [String]) throws -> [String] {
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/env")
        tool.arguments = ["sha256sum"] + files
        let output = Pipe()
        tool.standardOutput = output
        try tool.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tool.waitUntilExit()
        return text.split(separator: "\n").map { String($0.prefix(64)) }
    }

    @Test("a digest is read from its digits, in either case")
    func reading() {
        for _ in 0..<1000 {
            let digest = SHA256("\(UInt64.random(in: 0 ... .max))")
            #expect(SHA256(hexadecimal: digest.description) == digest)
            #expect(SHA256(hexadecimal: digest.description.uppercased()) == digest)
            #expect(SHA256(hexadecimal: Array(digest.description.utf8)) == digest)
        }
    }

    @Test("what is not 64 hexadecimal digits is no digest")
    func notDigits() {
        let digits = SHA256("abc").description
        for wrong in ["", String(digits.dropLast()), digits + "0", "0x" + digits.dropFirst(2)] {
            #expect(SHA256(hexadecimal: wrong) == nil)
        }
        for byte in UInt8.min ... .max {
            var text = Array(digits.utf8)
            text[40] = byte
            let isDigit = "0123456789abcdefABCDEF".utf8.contains(byte)
            #expect((SHA256(hexadecimal: text) != nil) == isDigit, "byte \(byte)")
        }
        let zeros = String(repeating: "0", count: 31)
        for sign in ["+", "-"] {
            #expect(SHA256(hexadecimal: sign + zeros + "0" + zeros) == nil)
        }
    }

    @Test("digests that differ in one bit differ, whichever it is")
    func equality() {
        let digits = Array(SHA256("abc").description.utf8)
        for index in digits.indices {
            var other = digits
            other[index] = digits[index] == UInt8(ascii: "0") ? 0x31 : 0x30
            #expect(SHA256(hexadecimal: digits) != SHA256(hexadecimal: other))
        }
        #expect(SHA256("abc") == SHA256("abc"))
        #expect(Set([SHA256("abc"), SHA256("abc"), SHA256("abd")]).count == 2)
    }
}
