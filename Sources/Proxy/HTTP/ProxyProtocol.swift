import PluginAPI

/// Reads the PROXY protocol's head, versions 1 and 2, which a load balancer sends before the
/// client's first byte (haproxy's proxy-protocol.txt).
package enum ProxyProtocol {
    package enum Result: Sendable, Equatable {
        /// Call again with the same bytes and more behind them.
        case incomplete
        /// - source: the client; nil when the balancer speaks for itself (LOCAL), or does not know
        ///   the client's address (UNKNOWN, UNSPEC).
        case header(source: Peer?, consumed: Int)
        case invalid
    }

    /// A head is at most 65,551 bytes long; no more need be held for it.
    package static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result {
        guard let first = bytes.first else { return .incomplete }
        return first == UInt8(ascii: "P") ? parseText(bytes) : parseBinary(bytes)
    }

    // MARK: - Version 1: "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443" and CRLF

    /// With its CRLF.
    private static let longestLine = 107

    private static func parseText(_ bytes: UnsafeBufferPointer<UInt8>) -> Result {
        guard begins(bytes, with: "PROXY ") else { return .invalid }
        let searched = bytes.slice(0..<min(bytes.count, longestLine))
        guard let lineFeed = searched.firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < longestLine ? .incomplete : .invalid
        }
        guard bytes[lineFeed - 1] == UInt8(ascii: "\r") else { return .invalid }
        let consumed = lineFeed + 1
        var words = Words(bytes.slice(6..<lineFeed - 1))
        guard let family = words.next() else { return .invalid }
        // What stands behind UNKNOWN is to be ignored.
        if family.equals("UNKNOWN") { return .header(source: nil, consumed: consumed) }
        let isV4 = family.equals("TCP4")
        guard isV4 || family.equals("TCP6"),
            let source = words.next().flatMap({ address($0, isV4: isV4) }),
            words.next().flatMap({ address($0, isV4: isV4) }) != nil,
            let sourcePort = words.next().flatMap(port),
            words.next().flatMap(port) != nil,
            words.next() == nil
        else { return .invalid }
        return .header(source: .address(source, port: sourcePort), consumed: consumed)
    }

    /// Words with one space between them.
    private struct Words {
        private var rest: UnsafeBufferPointer<UInt8>?

        init(_ line: UnsafeBufferPointer<UInt8>) { rest = line }

        mutating func next() -> UnsafeBufferPointer<UInt8>? {
            guard let line = rest else { return nil }
            guard let space = line.firstIndex(of: UInt8(ascii: " ")) else {
                rest = nil
                return line
            }
            rest = line.slice(space + 1..<line.count)
            return line.slice(0..<space)
        }
    }

    private static func address(_ word: UnsafeBufferPointer<UInt8>, isV4: Bool) -> IPAddress? {
        guard word.contains(UInt8(ascii: ":")) != isV4 else { return nil }
        return IPAddress(word)
    }

    private static func port(_ word: UnsafeBufferPointer<UInt8>) -> UInt16? {
        guard word.count == 1 || word.first != UInt8(ascii: "0") else { return nil }
        return ASCII.decimal(word).flatMap { UInt16(exactly: $0) }
    }

    // MARK: - Version 2: a signature, the command, the family, a length, addresses, extensions

    private static let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
    private static let fixedLength = 16

    private static func parseBinary(_ bytes: UnsafeBufferPointer<UInt8>) -> Result {
        guard begins(bytes, with: signature) else { return .invalid }
        guard bytes.count >= fixedLength else { return .incomplete }
        let isLocal: Bool
        switch bytes[12] {
        case 0x20: isLocal = true
        case 0x21: isLocal = false
        default: return .invalid
        }
        let length = Int(integer(bytes, at: 14, count: 2))
        guard bytes.count >= fixedLength + length else { return .incomplete }
        let consumed = fixedLength + length
        if isLocal { return .header(source: nil, consumed: consumed) }

        guard bytes[13] & 0xF <= 2 else { return .invalid }
        switch bytes[13] >> 4 {
        case 0:
            return .header(source: nil, consumed: consumed)
        case 1:
            guard length >= 12 else { return .invalid }
            let source = IPAddress(v4: UInt32(integer(bytes, at: 16, count: 4)))
            let port = UInt16(integer(bytes, at: 24, count: 2))
            return .header(source: .address(source, port: port), consumed: consumed)
        case 2:
            guard length >= 36 else { return .invalid }
            let source = IPAddress(bits: integer(bytes, at: 16, count: 16))
            let port = UInt16(integer(bytes, at: 48, count: 2))
            return .header(source: .address(source, port: port), consumed: consumed)
        case 3:
            guard length >= 216 else { return .invalid }
            return .header(source: .local, consumed: consumed)
        default:
            return .invalid
        }
    }

    private static func integer(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: Int, count: Int
    ) -> UInt128 {
        var value: UInt128 = 0
        for index in position..<position + count { value = value << 8 | UInt128(bytes[index]) }
        return value
    }

    /// Whether the bytes begin with `text`, as far as there are any.
    private static func begins(
        _ bytes: UnsafeBufferPointer<UInt8>, with text: StaticString
    ) -> Bool {
        let count = min(bytes.count, text.utf8CodeUnitCount)
        return ASCII.equals(bytes.slice(0..<count), text.bytes.slice(0..<count))
    }
}
