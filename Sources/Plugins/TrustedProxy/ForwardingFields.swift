import PluginAPI

/// The fields by which a proxy tells the next one of the client.
///
/// Underscores count as hyphens: an upstream that gets fields as CGI variables (RFC 3875 §4.1.18)
/// cannot tell `X_Forwarded_For` from `X-Forwarded-For`.
struct ForwardingFields: Sendable {
    private static let prefix: StaticString = "x-forwarded-"
    private static let names: [StaticString] = [
        "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip",
    ]

    /// The one that the operator chose: lower-case, with hyphens.
    private let chosen: [UInt8]

    init(and chosen: HeaderName) {
        self.chosen = chosen.string.utf8.map(Self.folded)
    }

    func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        // Every one of them is at least nine bytes long, which most fields' names are not.
        name.count >= 9
            && (Self.begins(name, with: Self.prefix)
                || Self.names.contains {
                    $0.utf8CodeUnitCount == name.count && Self.begins(name, with: $0)
                })
            || name.elementsEqual(chosen) { Self.folded($0) == $1 }
    }

    private static func begins(_ name: UnsafeBufferPointer<UInt8>, with text: StaticString) -> Bool
    {
        guard name.count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where folded(name[index]) != text.utf8Start[index] {
            return false
        }
        return true
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : ASCII.lowercased(byte)
    }
}
