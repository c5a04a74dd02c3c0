import CSystem
import Glibc
import PluginAPI

/// A listening socket of one worker.
final class Listener: EventHandler, TimerTarget {
    let address: ListenAddress
    private let descriptor: Int32
    private let endpoint: Endpoint
    private unowned let worker: Worker
    private var timer: LoopTimer!

    init(
        _ descriptor: Int32, _ address: ListenAddress, _ endpoint: Endpoint, _ worker: Worker
    ) {
        self.address = address
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
            let accepted = takeNext()
            guard accepted >= 0 else {
                if accepted == -EMFILE || accepted == -ENFILE { rest() }
                return
            }
        }
    }

    /// - Returns: the next connection's descriptor, or a negative error.
    private func takeNext() -> Int32 {
        var storage = sockaddr_storage()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        let accepted = sluice_accept(descriptor, &storage, &length)
        if accepted >= 0 { worker.accepted(accepted, Peer(storage), endpoint) }
        return accepted
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

    /// From now on new connections go to the sockets of another process that listens here too.
    /// - Parameters:
    ///   - own: how many sockets this process has here.
    ///   - others: how many the other has.
    func divert(own: Int, others: Int) {
        let result = sluice_divert_connections(descriptor, UInt32(own), UInt32(others))
        if result < 0 {
            worker.log(
                .warning, "new connections cannot be left to the other process at once",
                [("error", String(cString: strerror(-result)))])
        }
    }

    /// Takes what has connected already, because the kernel would reset it, and listens no more.
    func close() {
        // And no more than these: who connects in a loop would keep it open for ever.
        for _ in 0..<sluice_waiting_connections(descriptor) { _ = takeNext() }
        worker.loop.timers.cancel(timer)
        worker.loop.unregister(descriptor)
        Glibc.close(descriptor)
    }
}
