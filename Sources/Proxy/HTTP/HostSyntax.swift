import PluginAPI

/// The form of an authority without user information: `host [ ":" port ]` (RFC 3986 §3.2).
enum HostSyntax {
    static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = bytes.first else { return false }
        let hostEnd: Int
        if first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = bytes.slice(1..<close)
            guard address.contains(UInt8(ascii: ":")), IPAddress(address) != nil else {
                return false
            }
            hostEnd = close + 1
        } else {
            var position = 0
            while position < bytes.count, bytes[position] != UInt8(ascii: ":") {
                guard isNameByte(bytes[position]) else { return false }
                if bytes[position] == UInt8(ascii: "%") {
                    guard position + 2 < bytes.count, isHexDigit(bytes[position + 1]),
                        isHexDigit(bytes[position + 2])
                    else { return false }
                    position += 2
                }
                position += 1
            }
            guard position > 0 else { return false }
            hostEnd = position
        }
        guard hostEnd < bytes.count else { return true }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { return false }
        let port = bytes.slice(hostEnd + 1..<bytes.count)
        // The port may be empty (RFC 3986 §3.2.3).
        return port.isEmpty || port.count <= 5 && ASCII.decimal(port).map { $0 <= 65535 } == true
    }

    /// unreserved, sub-delims, and the percent sign of an encoded byte.
    @inline(__always)
    private static func isNameByte(_ byte: UInt8) -> Bool {
        let bytes: StaticString = """
                                            \
             !  $%&'()*+,-. 0123456789 ; =  \
             ABCDEFGHIJKLMNOPQRSTUVWXYZ    _\
             abcdefghijklmnopqrstuvwxyz   ~\u{20}
            """
        return byte < 128 && bytes.utf8Start[Int(byte)] != 0x20
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
    }
}
