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

    /// The field of that name, in any case. The length decides first, so most names cost one branch.
    @inlinable
    package static func identify(_ name: UnsafeBufferPointer<UInt8>) -> FieldID {
        func match(_ text: StaticString, _ id: FieldID) -> FieldID {
            let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            return ASCII.equalsIgnoringCase(name, expected) ? id : .other
        }
        guard let first = name.first.map(ASCII.lowercased) else { return .other }
        switch (name.count, first) {
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
