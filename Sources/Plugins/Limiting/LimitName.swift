import PluginAPI

/// A limiter's label as strings of structured fields (RFC 9651 §3.3.3): `"ip-limiter"`, and for one
/// window of several `"ip-limiter/minute"`.
///
/// A class because many reports hold it.
final class LimitName: Sendable {
    let whole: [UInt8]
    /// By period.
    private let windows: [[UInt8]]
    /// The most bytes that one of them has.
    let bound: Int

    init(_ label: String) {
        var escaped: [UInt8] = []
        for byte in label.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): escaped += [UInt8(ascii: "\\"), byte]
            case 0x20..<0x7F: escaped.append(byte)
            default: escaped.append(UInt8(ascii: "?"))
            }
        }
        let quote = [UInt8(ascii: "\"")]
        whole = quote + escaped + quote
        windows = Limits.periods.map { quote + escaped + Array("/\($0.word)".utf8) + quote }
        bound = whole.count + "/minute".utf8.count
    }

    func window(_ period: Rate.Period) -> [UInt8] { windows[period.place] }
}
