import PluginAPI

/// A request of a test.
public struct TestRequest: Sendable {
    public var method: String
    /// Path and query.
    public var target: String
    public var headers: KeyValuePairs<String, String>
    public var body: BodyRuns
    public var peer: Peer

    /// - Parameter peer: an address, from which the connection comes at port 50000, or `unix`.
    public init(
        _ method: String = "GET", _ target: String = "/",
        headers: KeyValuePairs<String, String> = [:], body: BodyRuns = "",
        peer: String = "192.0.2.1"
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        if peer == "unix" {
            self.peer = .local
        } else if let address = IPAddress(peer) {
            self.peer = .address(address, port: 50_000)
        } else {
            preconditionFailure("expected an address or \"unix\" as peer, found \"\(peer)\"")
        }
    }

    /// An exchange of which no more than the request's head is known, for calling a hook by hand:
    ///
    ///     let exchange = TestRequest("GET", "/admin").exchange()
    ///     let decision = try plugin.request(exchange)
    public func exchange(at time: ManualTime = ManualTime()) -> Exchange {
        let exchange = Exchange()
        exchange.peer = peer
        exchange.startedAt = time.wall
        exchange.now = time.monotonic
        exchange.route = "test"
        exchange.upstream = "test"
        fill(exchange.request)
        return exchange
    }

    private func fill(_ request: Request) {
        let storage = request.headers.storage
        func append(_ text: Substring) -> ByteRange {
            Array(text.utf8).withUnsafeBufferPointer { storage.append($0) }
        }
        request.method = Method(testing: method)
        request.methodRange = append(method[...])
        let start = storage.count
        let path = append(target.prefix { $0 != "?" })
        request.pathRange = path
        if let mark = target.firstIndex(of: "?") {
            _ = append("?")
            request.queryRange = append(target[target.index(after: mark)...])
        }
        request.targetRange = ByteRange(offset: start, count: storage.count - start)
        for (name, value) in headers { request.headers.append(HeaderName(testing: name), value) }
        // Chunks come one after the other, and nobody knows how many.
        request.contentLength = request.headers["transfer-encoding"] == nil ? body.count : nil
    }
}

extension HeaderName {
    init(testing name: String) {
        guard let made = HeaderName(name) else {
            preconditionFailure("expected a field name, found \"\(name)\"")
        }
        self = made
    }
}

extension Method {
    fileprivate init(testing name: String) {
        let names: [String: Method] = [
            "GET": .get, "HEAD": .head, "POST": .post, "PUT": .put, "DELETE": .delete,
            "OPTIONS": .options, "PATCH": .patch, "CONNECT": .connect, "TRACE": .trace,
        ]
        self = names[name] ?? .other
    }
}
