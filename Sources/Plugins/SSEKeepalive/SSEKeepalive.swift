import PluginAPI

/// Keeps those between upstream and client from taking a silent event stream for a dead one.
public struct SSEKeepalive: RequestPhase, ResponseHeadPhase, ResponseBodyPhase {
    public static let name = "sse-keepalive"
    public static let summary =
        "Sends comments while an event stream is silent, and before its first byte where told to."

    public static let reads: [any FactDeclaration] = [Facts.asksForStream]

    public struct Configuration: PluginConfiguration {
        @Setting(
            "interval", "After how long without a byte a comment is sent, and again each time.",
            in: .milliseconds(100) ... .seconds(3600))
        public var interval: Duration = .seconds(15)

        @Setting(
            "beforeHead",
            "After how long without the upstream's head the stream is begun all the same, with status 200; an error of the upstream is then an event. Only for requests that ask for a stream. Null waits for the upstream.",
            in: .milliseconds(100) ... .seconds(3600))
        public var beforeHead: Duration?

        public init() {}
    }

    /// Where in the stream a comment could stand, of one exchange.
    private static let place = Fact<StreamPlace>("sse_keepalive_place")
    /// The stream's error, when an answer that is none has to become an event.
    private static let wrapping = Fact<EventWrapper>("sse_keepalive_wrapping")

    private let filler: Filler
    private let early: EarlyHead?

    public var decidesBy: RequestParts? { nil }

    public init(_ configuration: Configuration, _ setup: Setup) {
        // A line that begins with a colon is a comment (WHATWG HTML §9.2.6); the blank line ends it as an event
        // without data, which clients do not dispatch.
        filler = Filler(after: configuration.interval, Array(": keep-alive\n\n".utf8))
        early = configuration.beforeHead.map { [filler] delay in
            EarlyHead(
                after: delay,
                headers: [
                    ("content-type", "text/event-stream"), ("cache-control", "no-cache"),
                ], filler: filler)
        }
    }

    public func uses(_ fact: any FactDeclaration) -> Bool { early != nil }

    public func request(_ exchange: Exchange) -> Decision {
        if let early, exchange[Facts.asksForStream] ?? acceptsEvents(exchange.request) {
            exchange.earlyHead = early
        }
        return .proceed
    }

    public func responseHead(_ exchange: Exchange) {
        let response = exchange.response
        guard Self.isEventStream(response.headers) else {
            guard response.isCommitted else { return }
            exchange[Self.wrapping] = EventWrapper(status: response.status)
            return response.bodyWillChange()
        }
        guard response.contentLength == nil, !Self.isEncoded(response.headers) else { return }
        exchange[Self.place] = StreamPlace()
        response.filler = filler
    }

    public func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool)
        -> BodyDecision
    {
        if var wrapper = exchange[Self.wrapping] {
            let event = wrapper.take(bytes, isLast: isLast)
            exchange[Self.wrapping] = wrapper
            return .replace(event)
        }
        guard var place = exchange[Self.place] else { return .pass }
        let wasBetweenEvents = place.isBetweenEvents
        place.pass(bytes)
        exchange[Self.place] = place
        if place.isBetweenEvents != wasBetweenEvents {
            exchange.response.filler =
                place.isBetweenEvents ? filler : Filler(after: filler.interval, [])
        }
        return .pass
    }

    private func acceptsEvents(_ request: Request) -> Bool {
        guard let accept = request.headers["accept"] else { return false }
        return accept.string.lowercased().contains("text/event-stream")
    }

    private static func isEventStream(_ headers: Headers) -> Bool {
        guard let type = headers["content-type"]?.string.lowercased() else { return false }
        let essence = type.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
        return essence == "text/event-stream"
    }

    private static func isEncoded(_ headers: Headers) -> Bool {
        guard let encoding = headers["content-encoding"]?.string.lowercased() else { return false }
        return encoding != "identity"
    }
}
