import PluginAPI

/// Establishes the client's address, and drops from untrusted peers what would claim another.
public struct TrustedProxy: Plugin, RequestPhase {
    public static let name = "trusted-proxy"
    public static let summary =
        "Establishes the client's address from what trusted proxies in front report."
    public static let writes: [any FactDeclaration] = [
        Facts.peerIsTrusted, Facts.clientAddress, Facts.forwardedFor, Facts.forwardedProto,
        Facts.forwardedHost,
    ]

    public struct Configuration: PluginConfiguration {
        @Setting("trusted", "The proxies in front whose word about the client is taken.")
        public var trusted: [NetworkSource] = []

        @Setting("header", "The field in which they name the client.")
        public var header: HeaderName = "x-forwarded-for"

        public init() {}
    }

    private let trusted: NetworkSet
    private let walk: ClientWalk
    private let fields: ForwardingFields

    public var decidesBy: RequestParts? { .fields }

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        trusted = try NetworkSet(configuration.trusted, setting: "trusted", setup)
        walk = ClientWalk(header: configuration.header)
        fields = ForwardingFields(and: configuration.header)
    }

    public func request(_ exchange: Exchange) -> Decision {
        let headers = exchange.request.headers
        guard trusted.contains(exchange.peer) else {
            headers.removeAll(named: fields.contains)
            exchange[Facts.clientAddress] = exchange.peer.address
            return .proceed
        }
        exchange[Facts.peerIsTrusted] = true
        let client = walk.client(in: headers, trusted: trusted)
        exchange[Facts.clientAddress] = client.address ?? exchange.peer.address
        exchange.establish(Facts.forwardedFor, client.forwardedFor)
        exchange.establish(Facts.forwardedProto, client.proto)
        exchange.establish(Facts.forwardedHost, client.host)
        return .proceed
    }
}
