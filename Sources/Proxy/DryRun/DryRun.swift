import Glibc
import PluginAPI

/// Takes requests through a configuration's chains in this process, without a listener and without an
/// upstream: where a request would go to one, it is answered here.
///
/// It is the engine itself that runs, with the plugins as they are configured; only nothing is started,
/// so that no file is written, and state is in memory. On one thread.
///
/// Either one after the other with `run`, or many at once, as in DryRun+Holding.
package final class DryRun {
    package struct Request {
        package var method: String
        /// As on the request line: `/v1/models?limit=3`.
        package var target: String
        package var fields: [(name: String, value: String)]
        package var body: [UInt8]
        package var peer: Peer

        package init(
            _ method: String, _ target: String, fields: [(name: String, value: String)] = [],
            body: [UInt8] = [], peer: Peer
        ) {
            self.method = method
            self.target = target
            self.fields = fields
            self.body = body
            self.peer = peer
        }
    }

    /// A request could not be taken through.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    let worker: Worker
    let observer = DryRunObserver()
    let endpoint = Endpoint(.proxy)
    /// Of requests that are held.
    let news = HeldNews()
    var idleClients: [HeldClient] = []

    /// - Parameters:
    ///   - configuration: with plugins that have been made with the same `state` and `time`.
    ///   - time: by which everything goes, so that an hour can pass in a moment.
    package init(
        _ configuration: ServerConfiguration, store: MetricsStore, state: StateStore,
        time: any TimeSource
    ) throws {
        let status = ServerStatus()
        status.state = .ready
        worker = try Worker(
            number: 0, workers: 1, log: .none, store: store, state: state,
            sharing: StateSharing(log: .none, metrics: store), status: status,
            connectionCount: ConnectionCount(), time: time, transport: HeldTransport())
        worker.dryRun = observer
        worker.use(Generation(configuration.forDryRun, number: 1))
    }

    deinit { worker.release() }

    /// - Parameters:
    ///   - answer: what the upstream answers, should the request come to it.
    ///   - seed: sets facts that the request itself does not show, before any plugin sees it.
    package func run(
        _ request: Request, answer: Answer = Answer(reason: "dry_run"),
        seed: ((Exchange) -> Void)? = nil
    ) throws -> DryRunResult {
        observer.prepare(answer, seed)
        let ends = try Self.pair()
        let client = DryRunClient(ends.client, sending: Self.bytes(of: request))
        defer { client.close() }
        worker.accepted(ends.proxy, request.peer, endpoint)
        worker.loop.run {
            client.exchange()
            return observer.result != nil && client.hasAnswer
        }
        guard var result = observer.result else {
            throw Failure(description: "the request did not come to its end")
        }
        result.answer = client.received
        return result
    }

    /// Both ends of a connection within the process.
    static func pair() throws -> (client: Int32, proxy: Int32) {
        var ends: [Int32] = [-1, -1]
        let type =
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try SystemError.check("socketpair", socketpair(AF_UNIX, type, 0, &ends))
        return (ends[0], ends[1])
    }

    static func bytes(of request: Request) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + request.body.count)
        func append(_ name: String, _ value: String) {
            bytes += name.utf8
            bytes += [0x3A, 0x20]
            bytes += value.utf8
            bytes += [0x0D, 0x0A]
        }
        bytes += request.method.utf8
        bytes.append(0x20)
        bytes += request.target.utf8
        bytes += " HTTP/1.1\r\n".utf8
        var (hasHost, hasFraming) = (false, false)
        for (name, _) in request.fields {
            switch name.lowercased() {
            case "host": hasHost = true
            case "content-length", "transfer-encoding": hasFraming = true
            default: break
            }
        }
        if !hasHost { append("host", "localhost") }
        for (name, value) in request.fields { append(name, value) }
        if !request.body.isEmpty, !hasFraming { append("content-length", "\(request.body.count)") }
        bytes += [0x0D, 0x0A]
        return bytes + request.body
    }
}
