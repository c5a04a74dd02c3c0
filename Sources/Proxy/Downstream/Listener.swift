import CSystem
import Glibc
import PluginAPI

/// A listening socket of one worker.
final class Listener: EventHandler, TimerTarget {
    private let descriptor: Int32
    private let endpoint: Endpoint
    private unowned let worker: Worker
    private var timer: LoopTimer!

    init(_ descriptor: Int32, _ endpoint: Endpoint, _ worker: Worker) {
        self.descriptor = descriptor
        self.endpoint = endpoint
        self.worker = worker
        timer = LoopTimer(self)
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
                if accepted == -EMFILE || accepted == -ENFILE { rest() }
                return
            }
            worker.accepted(accepted, Peer(storage), endpoint)
        }
    }

    /// No descriptor is left. Those who wait stay in the queue, and asking again at once would only burn
    /// the processor.
    private func rest() {
        worker.descriptorsAreOut()
        worker.loop.modify(descriptor, [])
        worker.loop.timers.set(timer, at: worker.loop.now + .milliseconds(500))
    }

    func timerFired(_ timer: LoopTimer) {
        worker.loop.modify(descriptor, .readable)
    }

    func close() {
        worker.loop.timers.cancel(timer)
        worker.loop.unregister(descriptor)
        Glibc.close(descriptor)
    }
}
