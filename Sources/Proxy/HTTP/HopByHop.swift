import PluginAPI

/// The fields that concern one connection, and end at each proxy (RFC 9110 §7.6.1).
package enum HopByHop {
    /// Removes them, and those that Connection names.
    ///
    /// Proxy-Authenticate and Proxy-Authorization go too: they are between a client and the proxy
    /// that it chose (RFC 9110 §11.7), and nobody chooses a reverse proxy.
    package static func remove(from headers: Headers) {
        guard headers.has(all) else { return }
        if headers.has(.connection) { removeNamed(from: headers) }
        headers.fields.removeAll { isHopByHop($0.id) }
        headers.seen.subtract(all)
    }

    private static let all: FieldIDSet = [
        FieldIDSet(.connection), FieldIDSet(.keepAlive), FieldIDSet(.proxyAuthenticate),
        FieldIDSet(.proxyAuthorization), FieldIDSet(.proxyConnection), FieldIDSet(.te),
        FieldIDSet(.trailer), FieldIDSet(.transferEncoding), FieldIDSet(.upgrade),
    ]

    @inline(__always)
    static func isHopByHop(_ id: FieldID) -> Bool { all.contains(FieldIDSet(id)) }

    private static func removeNamed(from headers: Headers) {
        let storage = headers.storage
        for connection in headers.fields where connection.id == .connection {
            for option in FieldList(storage.slice(connection.value))
            where !option.isEmpty && !option.equalsIgnoringCase("close")
                && !option.equalsIgnoringCase("keep-alive") && !isEndToEnd(option)
            {
                headers.fields.removeAll {
                    ASCII.equalsIgnoringCase(storage.slice($0.name), option)
                }
            }
        }
    }

    /// Whether Connection must not name the field, because it is meant for the other end (RFC 9110
    /// §7.6.1). Removing it would let a client undo what a proxy before us has written.
    private static func isEndToEnd(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        switch FieldID.identify(name) {
        case .contentLength, .date, .expect, .forwarded, .host, .via, .xForwardedFor,
            .xForwardedHost, .xForwardedProto:
            return true
        case .other:
            let names: [StaticString] = [
                "authorization", "cache-control", "content-encoding", "content-type", "cookie",
                "set-cookie", "x-real-ip", "x-request-id", "cf-connecting-ip",
            ]
            return names.contains { name.equalsIgnoringCase($0) }
        default:
            return false
        }
    }
}
