/// Whom a record of shared state is about: a network, an identity, a fingerprint.
///
/// Keys are compared whole, so no two of them ever share a record.
public struct StateKey: Hashable, Sendable, CustomStringConvertible {
    private enum Content: Hashable, Sendable {
        case everyone
        case network(UInt128, UInt8)
        case number(UInt64)
        case text(String)
    }

    private let content: Content

    /// The one key of a table that has only one record.
    public static let everyone = StateKey(content: .everyone)

    private init(content: Content) { self.content = content }

    public init(_ network: Network) {
        content = .network(network.address.bits, UInt8(network.prefixLength))
    }

    public init(_ number: UInt64) { content = .number(number) }

    /// A text longer than 64 bytes is held as its SHA-256 digest, so that no client can make keys
    /// that take much memory.
    public init(_ text: String) {
        content = .text(text.utf8.count <= 64 ? text : SHA256(text).description)
    }

    /// As it stands in Redis: `203.0.113.9/32`, `00c0ffee00c0ffee`, `team-a`.
    public var description: String {
        switch content {
        case .everyone: return "*"
        case .network(let bits, let length): return "\(IPAddress(bits: bits))/\(length)"
        case .number(let number):
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        case .text(let text): return text
        }
    }
}
