import PluginAPI
import Testing

@Suite("ASCII on raw bytes")
struct ASCIITests {
    private func withBytes<Result>(
        _ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        Array(text.utf8).withUnsafeBufferPointer(body)
    }

    @Test("token and field bytes are those of RFC 9110")
    func classes() {
        let token = Set(
            "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isTokenByte(byte) == token.contains(byte), "\(byte)")
            let isField = byte == 9 || byte == 32 || 33...126 ~= byte || byte >= 128
            #expect(ASCII.isFieldByte(byte) == isField, "\(byte)")
        }
    }

    @Test("only letters have a lower case")
    func lowercase() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            #expect(ASCII.lowercased(byte) == (isUpper ? byte + 32 : byte))
        }
    }

    @Test(
        "case is ignored in letters alone",
        arguments: [
            ("", "", true), ("Host", "hOST", true), ("a-b", "A-B", true), ("a", "b", false),
            ("a", "aa", false), ("@", "`", false), ("[", "{", false), ("-", "\r", false),
            ("É", "é", false),
        ])
    func ignoringCase(left: String, right: String, equal: Bool) {
        withBytes(left) { left in
            withBytes(right) { #expect(ASCII.equalsIgnoringCase(left, $0) == equal) }
        }
    }

    @Test("bytes are equal when each is")
    func equality() {
        for (left, right, equal) in [
            ("", "", true), ("ab", "ab", true), ("ab", "aB", false), ("a", "ab", false),
            ("\0a", "\0b", false),
        ] {
            withBytes(left) { left in
                withBytes(right) { #expect(ASCII.equals(left, $0) == equal) }
            }
        }
    }

    @Test(
        "decimal is digits, up to Int.max",
        arguments: [
            ("0", 0), ("007", 7), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
            ("99999999999999999999", nil), ("", nil), ("+1", nil), ("-1", nil), ("1 ", nil),
            (" 1", nil), ("1a", nil), ("1.0", nil), ("/", nil), (":", nil), ("１", nil),
        ])
    func decimal(text: String, value: Int?) {
        withBytes(text) { #expect(ASCII.decimal($0) == value) }
    }
}
