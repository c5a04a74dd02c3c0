import PluginAPI

/// A limiter's label as a string of structured fields (RFC 9651 §3.3.3): `"ip-limiter"`.
///
/// A class because many reports hold it.
final class LimitName: Sendable {
    /// With the quote at the beginning and without the one at the end.
    let bytes: [UInt8]

    init(_ label: String) {
        var bytes = [UInt8(ascii: "\"")]
        for byte in label.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x20..<0x7F: bytes.append(byte)
            default: bytes.append(UInt8(ascii: "?"))
            }
        }
        self.bytes = bytes
    }
}
