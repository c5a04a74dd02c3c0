import PluginAPI

/// Gives each request an identifier by which the client, the logs and the upstream speak of it.
public struct RequestIdentifier: Plugin, RequestPhase, ResponseHeadPhase {
    public static let name = "request-id"
    public static let summary =
        "Keeps a trusted peer's request identifier or makes one, and sends it upstream and back."
    public static let reads: [any FactDeclaration] = [Facts.peerIsTrusted]

    public struct Configuration: PluginConfiguration {
        @Setting("header", "The field that carries the identifier.")
        public var header: HeaderName = "x-request-id"

        public init() {}
    }

    private let header: HeaderName

    public var decidesBy: RequestParts? { nil }

    public init(_ configuration: Configuration, _ setup: Setup) {
        header = configuration.header
    }

    public func request(_ exchange: Exchange) -> Decision {
        let headers = exchange.request.headers
        if exchange[Facts.peerIsTrusted] == true, let given = headers[header],
            Self.isWellFormed(given)
        {
            exchange.requestID = given.string
        }
        headers.set(header, to: exchange.requestID)
        return .proceed
    }

    public func responseHead(_ exchange: Exchange) {
        exchange.response.headers.set(header, to: exchange.requestID)
    }

    /// 1 to 128 bytes that need no escaping in logs and URLs and are in use: UUIDs, base64, ULIDs,
    /// trace identifiers of the clouds.
    private static func isWellFormed(_ identifier: Bytes) -> Bool {
        (1...128).contains(identifier.count)
            && identifier.allSatisfy { byte in
                byte &- 0x30 < 10 || ASCII.lowercased(byte) &- 0x61 < 26
                    || "-_.:/+=@~".utf8.contains(byte)
            }
    }
}
