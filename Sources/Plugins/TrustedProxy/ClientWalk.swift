import PluginAPI

/// The way back from a trusted peer to the client, over what each proxy said of the hop before it.
///
/// A proxy adds to the end of the field, so only what stands right of the client's address has been
/// written by proxies in front; what stands left of it anybody may have written.
struct ClientWalk: Sendable {
    /// How many elements one request can make us look at.
    static let mostHops = 100

    private enum Notation: Sendable {
        /// X-Forwarded-For: a list of addresses.
        case addresses
        /// Forwarded: a list of parameters (RFC 7239).
        case forwarded
        /// Any other field: the one address that the proxy has established itself.
        case single
    }

    private let header: ListField
    private let proto = ListField("x-forwarded-proto")
    private let host = ListField("x-forwarded-host")
    private let notation: Notation

    init(header: HeaderName) {
        self.header = ListField(header)
        notation =
            switch header.string.lowercased() {
            case "x-forwarded-for": .addresses
            case "forwarded": .forwarded
            default: .single
            }
    }

    /// What the trusted peer reports of the client.
    func client(in headers: Headers, trusted: NetworkSet) -> ReportedClient {
        var client = ReportedClient()
        var elements = ListElements(of: header, in: headers, quoted: notation == .forwarded)
        if notation == .single {
            if let element = elements.next(), elements.next() == nil {
                client.addHop(element)
            }
        } else {
            var hops = 0
            while hops < Self.mostHops, let element = elements.next() {
                hops += 1
                if element.isEmpty { continue }
                let isGood =
                    notation == .forwarded
                    ? client.addHop(ForwardedElement(element)) : client.addHop(element)
                guard isGood, let address = client.address, trusted.contains(address) else {
                    break
                }
            }
        }
        if notation != .forwarded {
            let place = client.proxies.count
            client.setProto(Self.value(of: proto, at: place, in: headers))
            client.setHost(Self.value(of: host, at: place, in: headers))
        }
        return client
    }

    /// The value at a place counted from the end. Proxies that add to the field write one for each
    /// hop; of fewer values the first is what the outermost proxy has set.
    private static func value(of name: ListField, at place: Int, in headers: Headers) -> Bytes? {
        guard name.lastPlace(in: headers, before: headers.count) != nil else { return nil }
        var elements = ListElements(of: name, in: headers)
        var found: Bytes?
        var left = place + 1
        while left > 0, let element = elements.next() {
            found = element
            left -= 1
        }
        return found
    }
}
