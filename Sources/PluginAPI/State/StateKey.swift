/// Whom a record of shared state is about: a network, an identity, a fingerprint.
///
/// Keys are compared whole, so no two of them ever share a record.
public struct StateKey: Hashable, Sendable, CustomStringConvertible {
    private enum Content: Hashable, Sendable {
        case everyone
        /// Halves of the address: a 128-bit number would make every key, and what holds one, larger.
        case network(UInt64, UInt64, UInt8)
        case number(UInt64)
        case text(String)
    }

    private let content: Content

    /// The one key of a table that has only one record.
    public static let everyone = StateKey(content: .everyone)

    private init(content: Content) { self.content = content }

    public init(_ network: Network) {
        let bits = network.address.bits
        content = .network(
            UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits),
            UInt8(network.prefixLength))
    }

    public init(_ number: UInt64) { content = .number(number) }

    /// A text of 64 bytes or more is held as its SHA-256 digest, so that no client can make keys
    /// that take much memory.
    public init(_ text: String) {
        content = .text(text.utf8.count < 64 ? text : SHA256(text).description)
    }

    /// As it stands in Redis: `203.0.113.9/32`, `00c0ffee00c0ffee`, `team-a`.
    public var description: String {
        switch content {
        case .everyone: return "*"
        case .network(let high, let low, let length):
            return "\(IPAddress(bits: UInt128(high) << 64 | UInt128(low)))/\(length)"
        case .number(let number):
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        case .text(let text): return text
        }
    }
}
