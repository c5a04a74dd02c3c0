/// The host and the port of an authority (RFC 3986 §3.2).
package enum HostAndPort {
    /// - Returns: the host in lower case, an IPv6 address without its brackets; nil when there is no
    ///   host, or when something else than a name, an address and a port stands there.
    package static func split(_ text: some StringProtocol, defaultPort: UInt16?) -> (
        host: String, port: UInt16
    )? {
        let host: Substring
        let rest: Substring
        let text = String(text)
        if text.hasPrefix("[") {
            guard let closing = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<closing]
            rest = text[text.index(after: closing)...]
            guard host.contains(":"), IPAddress(host) != nil else { return nil }
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            rest = text[colon...]
            guard isName(host) else { return nil }
        }
        if rest.isEmpty { return defaultPort.map { (host.lowercased(), $0) } }
        let digits = rest.dropFirst()
        guard rest.first == ":", let port = UInt16(digits), digits.first != "+" else { return nil }
        return (host.lowercased(), port)
    }

    /// Whether this is a host name or an IPv4 address: letters, digits, hyphens, underscores, in
    /// labels of 1 to 63 joined by dots, 253 at most.
    package static func isName(_ text: some StringProtocol) -> Bool {
        guard text.utf8.count <= 253, !text.isEmpty else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { byte in
                    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x5F
                }
        }
    }
}
