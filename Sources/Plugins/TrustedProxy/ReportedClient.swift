import PluginAPI

/// What the proxies in front say of the client.
struct ReportedClient {
    /// The address established last: in the end the client's.
    private(set) var address: IPAddress?
    /// Those established before it, the nearest to us first: trusted proxies. Mostly there are none.
    private(set) var proxies: [IPAddress] = []
    private(set) var proto: String?
    private(set) var host: String?

    /// Goes one hop further.
    /// - Returns: false when the element is no address; then nothing changes.
    @discardableResult
    mutating func addHop(_ element: Bytes) -> Bool {
        guard let address = IPAddress(hop: element) else { return false }
        if let nearer = self.address { proxies.append(nearer) }
        self.address = address
        return true
    }

    /// The same for an element of Forwarded, which also tells of the protocol and the host.
    mutating func addHop(_ element: ForwardedElement?) -> Bool {
        guard let element, let node = element.node, addHop(node) else { return false }
        setProto(element.proto)
        setHost(element.host)
        return true
    }

    mutating func setProto(_ value: Bytes?) {
        proto =
            value.flatMap {
                $0.equalsIgnoringCase("https")
                    ? "https" : $0.equalsIgnoringCase("http") ? "http" : nil
            }
    }

    mutating func setHost(_ value: Bytes?) {
        host = value.flatMap { HostName.isWellFormed($0) ? $0.string : nil }
    }

    /// As X-Forwarded-For writes them, the client first; nil when nobody has been established.
    var forwardedFor: String? {
        guard let address else { return nil }
        if proxies.isEmpty { return address.description }
        return ([address] + proxies.reversed()).map(\.description).joined(separator: ", ")
    }
}
