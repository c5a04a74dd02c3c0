import Glibc
import PluginAPI

/// Takes requests through a configuration's chains in this process, without a listener and without an
/// upstream: where a request would go to one, it is answered here.
///
/// It is the engine itself that runs, with the plugins as they are configured; only nothing is started,
/// so that no file is written, and state is in memory. On one thread.
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

    private let worker: Worker
    private let observer = DryRunObserver()
    private let endpoint = Endpoint(.proxy)

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
            connectionCount: ConnectionCount(), time: time)
        worker.dryRun = observer
        worker.use(Generation(configuration.withoutSharedState, number: 1))
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
        var ends: [Int32] = [-1, -1]
        let type =
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try SystemError.check("socketpair", socketpair(AF_UNIX, type, 0, &ends))
        let client = DryRunClient(ends[0], sending: Self.bytes(of: request))
        defer { client.close() }
        worker.accepted(ends[1], request.peer, endpoint)
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

    private static func bytes(of request: Request) -> [UInt8] {
        var text = "\(request.method) \(request.target) HTTP/1.1\r\n"
        func has(_ name: String) -> Bool {
            request.fields.contains { $0.name.lowercased() == name }
        }
        if !has("host") { text += "host: localhost\r\n" }
        for (name, value) in request.fields { text += "\(name): \(value)\r\n" }
        if !request.body.isEmpty, !has("content-length"), !has("transfer-encoding") {
            text += "content-length: \(request.body.count)\r\n"
        }
        return Array((text + "\r\n").utf8) + request.body
    }
}

extension ServerConfiguration {
    /// The same with its state in memory.
    fileprivate var withoutSharedState: ServerConfiguration {
        ServerConfiguration(
            listeners: listeners, admin: admin, adminToken: adminToken, workers: workers,
            limits: limits, timeouts: timeouts, state: nil, upstreams: upstreams, plugins: plugins,
            routes: routes, effective: effective, gauges: gauges)
    }
}
