/// The fields that the engine treats specially, told apart once when a head is parsed.
@usableFromInline
package enum FieldID: UInt8, Sendable {
    case other
    case connection, contentLength, date, expect, forwarded, host, keepAlive
    case proxyAuthenticate, proxyAuthorization, proxyConnection
    case te, trailer, transferEncoding, upgrade, via
    case xForwardedFor, xForwardedHost, xForwardedProto, xSluiceExplain

    /// By hand, because the one that the compiler derives is not inlined in other modules.
    @inlinable
    package static func == (left: FieldID, right: FieldID) -> Bool {
        left.rawValue == right.rawValue
    }

    /// The field's name, as it is written where nobody has written it otherwise. Not of `other`.
    package var name: StaticString {
        switch self {
        case .other: preconditionFailure("a field without a name of its own")
        case .connection: "connection"
        case .contentLength: "content-length"
        case .date: "date"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .keepAlive: "keep-alive"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyConnection: "proxy-connection"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .via: "via"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xSluiceExplain: "x-sluice-explain"
        }
    }

    /// The field of that name, in any case. The length decides first, so most names cost one branch.
    /// - Parameter name: a token.
    @inlinable
    package static func identify(_ name: UnsafeBufferPointer<UInt8>) -> FieldID {
        @inline(__always)
        func match(_ text: StaticString, _ id: FieldID) -> FieldID {
            ASCII.isToken(name, text) ? id : .other
        }
        guard let first = name.first else { return .other }
        switch (name.count, first | 0x20) {
        case (2, UInt8(ascii: "t")): return match("te", .te)
        case (3, UInt8(ascii: "v")): return match("via", .via)
        case (4, UInt8(ascii: "h")): return match("host", .host)
        case (4, UInt8(ascii: "d")): return match("date", .date)
        case (6, UInt8(ascii: "e")): return match("expect", .expect)
        case (7, UInt8(ascii: "t")): return match("trailer", .trailer)
        case (7, UInt8(ascii: "u")): return match("upgrade", .upgrade)
        case (9, UInt8(ascii: "f")): return match("forwarded", .forwarded)
        case (10, UInt8(ascii: "c")): return match("connection", .connection)
        case (10, UInt8(ascii: "k")): return match("keep-alive", .keepAlive)
        case (14, UInt8(ascii: "c")): return match("content-length", .contentLength)
        case (15, UInt8(ascii: "x")): return match("x-forwarded-for", .xForwardedFor)
        case (16, UInt8(ascii: "x")):
            let id = match("x-forwarded-host", .xForwardedHost)
            return id == .other ? match("x-sluice-explain", .xSluiceExplain) : id
        case (16, UInt8(ascii: "p")): return match("proxy-connection", .proxyConnection)
        case (18, UInt8(ascii: "p")): return match("proxy-authenticate", .proxyAuthenticate)
        case (19, UInt8(ascii: "p")): return match("proxy-authorization", .proxyAuthorization)
        case (17, UInt8(ascii: "t")): return match("transfer-encoding", .transferEncoding)
        case (17, UInt8(ascii: "x")): return match("x-forwarded-proto", .xForwardedProto)
        default: return .other
        }
    }
}
