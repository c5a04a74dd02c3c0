import PluginAPI

/// The fields that concern one connection, and end at each proxy (RFC 9110 §7.6.1).
package enum HopByHop {
    /// Removes them, and those that Connection names.
    ///
    /// Proxy-Authenticate and Proxy-Authorization go too: they are between a client and the proxy
    /// that it chose (RFC 9110 §11.7), and nobody chooses a reverse proxy.
    package static func remove(from headers: Headers) {
        var hasConnection = false
        var hasOthers = false
        for field in headers.fields where isHopByHop(field.id) {
            if field.id == .connection { hasConnection = true } else { hasOthers = true }
        }
        guard hasConnection || hasOthers else { return }
        if hasConnection { removeNamed(from: headers) }
        headers.fields.removeAll { isHopByHop($0.id) }
    }

    @inline(__always)
    static func isHopByHop(_ id: FieldID) -> Bool {
        switch id {
        case .connection, .keepAlive, .proxyAuthenticate, .proxyAuthorization, .proxyConnection,
            .te, .trailer, .transferEncoding, .upgrade:
            true
        default:
            false
        }
    }

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
