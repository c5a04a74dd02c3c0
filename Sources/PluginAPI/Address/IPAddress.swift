import Glibc

/// An IPv4 or IPv6 address.
///
/// An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the IPv4 address: a client has one budget,
/// whichever way it comes in.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The 128 bits; an IPv4 address stands in its IPv4-mapped form.
    public let bits: UInt128

    static let mappedPrefix: UInt128 = 0xFFFF << 32

    public init(bits: UInt128) { self.bits = bits }

    public init(v4: UInt32) { bits = Self.mappedPrefix | UInt128(v4) }

    public var isV4: Bool { bits >> 32 == 0xFFFF }

    public var isLoopback: Bool { isV4 ? bits >> 24 & 0xFF == 127 : bits == 1 }

    /// Reads an address alone: no port, brackets, zone or spaces.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let parsed = text.withUTF8({ IPAddress($0) }) else { return nil }
        self = parsed
    }

    /// The same from bytes. No allocation.
    public init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.contains(UInt8(ascii: ":")) else {
            guard let parsed = Self.v4(bytes) else { return nil }
            self.init(v4: parsed)
            return
        }
        // The longest text is an IPv6 address with an IPv4 tail: 45 characters.
        guard bytes.count <= 45 else { return nil }
        let parsed: UInt128? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { text in
            for (index, byte) in bytes.enumerated() {
                guard byte != 0 else { return nil }
                text[index] = CChar(bitPattern: byte)
            }
            text[bytes.count] = 0
            var v6 = in6_addr()
            guard inet_pton(AF_INET6, text.baseAddress!, &v6) == 1 else { return nil }
            return withUnsafeBytes(of: &v6) {
                UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self))
            }
        }
        guard let parsed else { return nil }
        self.init(bits: parsed)
    }

    /// Four numbers from 0 to 255 without leading zeros, which some take for octal.
    private static func v4(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
        var address: UInt32 = 0
        var part: UInt32 = 0
        var (digits, dots) = (0, 0)
        for byte in bytes {
            let digit = byte &- UInt8(ascii: "0")
            if digit < 10, digits == 0 || part > 0 {
                part = part &* 10 &+ UInt32(digit)
                digits += 1
            } else if byte == UInt8(ascii: "."), digits > 0, dots < 3 {
                address = address << 8 | part
                (part, digits) = (0, 0)
                dots += 1
            } else {
                return nil
            }
            guard part <= 255 else { return nil }
        }
        return dots == 3 && digits > 0 ? address << 8 | part : nil
    }

    /// The canonical text (RFC 5952).
    public var description: String { withText { String(decoding: $0, as: UTF8.self) } }
}
