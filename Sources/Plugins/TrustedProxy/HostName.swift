import PluginAPI

/// A host as Host writes it: a name, an IPv4 address or an IPv6 address in brackets, and perhaps a
/// port (RFC 9110 §7.2).
enum HostName {
    /// Stricter than the RFC, which allows any percent-encoded byte: this goes into links and logs.
    static func isWellFormed(_ host: Bytes) -> Bool {
        host.withBytes { text in
            if text.first == UInt8(ascii: "[") { return IPAddress(hop: host) != nil }
            let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
            let name = text[..<colon]
            let port = UnsafeBufferPointer(rebasing: text[colon...].dropFirst())
            // 253 is the longest name in the DNS (RFC 1035 §2.3.4).
            return (1...253).contains(name.count) && name.allSatisfy(isNameByte)
                && (colon == text.count
                    || (port.count <= 5 && ASCII.decimal(port).map { $0 <= 65535 } ?? false))
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || ASCII.lowercased(byte) &- 0x61 < 26
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
}
