import Dispatch
import PluginAPI
import Proxy

/// A small OpenAI-compatible upstream for demonstrations and tests.
///
/// It serves `/v1/chat/completions` plain and streamed, `/v1/models`, `/healthz`, `/demo/stats` (what it
/// counted) and `/demo/echo` (the request as it was received), heeds the ``Knobs`` of each request, and reads
/// HTTP/1.1 strictly, with code of its own. Each connection has a thread.
///
///     let server = try DemoServer(listen: "127.0.0.1:0")
///     server.start()
///     print("http://\(server.address)/v1/models")
///     server.stop()
public final class DemoServer: Sendable {
    private struct State {
        var isStopped = false
        var connections: [ObjectIdentifier: Connection] = [:]
    }

    /// The bound address, `HOST:PORT`, to be reached from when the server was made.
    public let address: String

    private let listener: Listener
    private let statistics = Statistics()
    private let state = Locked(State())
    private let threads = DispatchGroup()

    /// Binds and listens, so that clients can connect already; they are served from ``start()`` on.
    ///
    /// - Parameter listen: `HOST:PORT`; port 0 takes any free one.
    /// - Throws: ``DemoServerError`` when the address is malformed or cannot be listened on.
    public init(listen: String) throws {
        listener = try Listener(ListenAddress(listen))
        address = listener.address
    }

    /// Starts to serve, on threads of its own. To be called once.
    public func start() {
        run { server in
            while let socket = server.listener.accept() {
                server.serve(socket)
            }
        }
    }

    /// Drops every connection, gives the port back, and returns once all threads ended.
    public func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            // Under the lock: a connection that leaves the table closes its descriptor, whose number may
            // be somebody else's in the next moment.
            for connection in state.connections.values { connection.disconnect() }
            return !state.isStopped
        }
        guard isFirst else { return }
        listener.stop()
        threads.wait()
        listener.close()
    }

    private func serve(_ socket: Socket) {
        let connection = Connection(socket, statistics)
        let id = ObjectIdentifier(connection)
        let isAdded = state.withLock { state in
            if !state.isStopped { state.connections[id] = connection }
            return !state.isStopped
        }
        guard isAdded else { return socket.close() }
        run { server in
            connection.serve()
            // Once it is off the table nobody else can touch the descriptor that is about to be closed.
            server.state.withLock { state in state.connections[id] = nil }
            connection.close()
        }
    }

    private func run(_ work: @escaping @Sendable (DemoServer) -> Void) {
        threads.enter()
        WorkerThread.start(name: "demo-upstream") { [self] in
            work(self)
            threads.leave()
        }
    }
}
