import PluginAPI

extension IPAddress {
    /// Reads an address as proxies write it: `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`,
    /// `[2001:db8::1]`, `[2001:db8::1]:8080`. No allocation.
    init?(hop: Bytes) {
        let parsed: IPAddress? = hop.withBytes { text in
            if text.first == UInt8(ascii: "[") {
                guard let close = text.firstIndex(of: UInt8(ascii: "]")),
                    let address = IPAddress(UnsafeBufferPointer(rebasing: text[1..<close])),
                    text[1..<close].contains(UInt8(ascii: ":"))
                else { return nil }
                let after = text[(close + 1)...]
                guard after.isEmpty || Self.isColonAndPort(after) else { return nil }
                return address
            }
            // One colon can only be a port's: an IPv6 address has two at least.
            if let colon = text.firstIndex(of: UInt8(ascii: ":")),
                !text[(colon + 1)...].contains(UInt8(ascii: ":"))
            {
                guard Self.isColonAndPort(text[colon...]) else { return nil }
                return IPAddress(UnsafeBufferPointer(rebasing: text[..<colon]))
            }
            return IPAddress(text)
        }
        guard let parsed else { return nil }
        self = parsed
    }

    /// A port is a number, or a name that hides it, which begins with an underscore (RFC 7239 §6.2).
    private static func isColonAndPort(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard text.first == UInt8(ascii: ":") else { return false }
        let port = UnsafeBufferPointer(rebasing: text.dropFirst())
        if port.first == UInt8(ascii: "_") {
            return port.count > 1 && port.allSatisfy(ASCII.isTokenByte)
        }
        guard port.count <= 5, let number = ASCII.decimal(port) else { return false }
        return number <= Int(UInt16.max)
    }
}
