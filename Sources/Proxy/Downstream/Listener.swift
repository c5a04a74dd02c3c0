import CSystem
import Glibc
import PluginAPI

/// A listening socket of one worker.
final class Listener: EventHandler {
    private let descriptor: Int32
    private let endpoint: Endpoint
    private unowned let worker: Worker

    init(_ descriptor: Int32, _ endpoint: Endpoint, _ worker: Worker) {
        self.descriptor = descriptor
        self.endpoint = endpoint
        self.worker = worker
        worker.loop.register(descriptor, .readable, self)
    }

    /// So many connections are taken at once, before those already there get their turn.
    private static let batch = 64

    func ready(_ listening: Int32, _ events: Events) {
        for _ in 0..<Self.batch {
            var storage = sockaddr_storage()
            var length = UInt32(MemoryLayout<sockaddr_storage>.size)
            let accepted = sluice_accept(descriptor, &storage, &length)
            guard accepted >= 0 else {
                if accepted == -EMFILE || accepted == -ENFILE { worker.descriptorsAreOut() }
                return
            }
            worker.accepted(accepted, Peer(storage), endpoint)
        }
    }

    func close() {
        worker.loop.unregister(descriptor)
        Glibc.close(descriptor)
    }
}
