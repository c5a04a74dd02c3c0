/// `HTTP/1.1` (RFC 9112 §2.3).
struct HTTPVersion {
    let major: Int
    let minor: Int

    /// Nil when the bytes are not `HTTP/`, a digit, a dot and a digit.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 8, bytes[0] == UInt8(ascii: "H"), bytes[1] == UInt8(ascii: "T"),
            bytes[2] == UInt8(ascii: "T"), bytes[3] == UInt8(ascii: "P"),
            bytes[4] == UInt8(ascii: "/"), bytes[5] &- 0x30 < 10, bytes[6] == UInt8(ascii: "."),
            bytes[7] &- 0x30 < 10
        else { return nil }
        major = Int(bytes[5] &- 0x30)
        minor = Int(bytes[7] &- 0x30)
    }

    /// A later minor version is understood as the highest known one (RFC 9110 §2.5).
    var effectiveMinor: Int { min(minor, 1) }
}
