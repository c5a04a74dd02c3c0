import PluginAPI

/// One loop's connections to one target that are idle, and the objects that its requests use again.
final class ConnectionPool: TimerTarget {
    let target: Target
    unowned(unsafe) let transport: ConnectionTransport
    private let loop: EventLoop
    /// The one used last is at the end, and is the next one used.
    private var idle: ContiguousArray<UpstreamConnection> = []
    private var timer: LoopTimer!
    private var restingTransfers: ContiguousArray<ConnectionTransfer> = []
    private var restingHandles: ContiguousArray<ConnectHandle> = []

    /// Servers and balancers commonly close after two minutes or sooner; libcurl has the same limit.
    static let idleTime = Duration.seconds(118)
    /// One holds 4 KiB, or 20 KiB if it has sent a long body.
    private static let restingTransferLimit = 256
    /// One holds about 20 KiB.
    private static let restingHandleLimit = 16

    init(_ target: Target, _ transport: ConnectionTransport) {
        self.target = target
        self.transport = transport
        loop = transport.loop
        timer = LoopTimer(self)
    }

    deinit { loop.timers.cancel(timer) }

    // MARK: - Transfers

    func takeTransfer() -> ConnectionTransfer {
        restingTransfers.popLast() ?? ConnectionTransfer(self)
    }

    func giveBack(_ transfer: ConnectionTransfer) {
        if !target.isRetired, restingTransfers.count < Self.restingTransferLimit {
            restingTransfers.append(transfer)
        }
    }

    // MARK: - Connecting

    func takeHandle() -> ConnectHandle {
        restingHandles.popLast() ?? ConnectHandle(target, transport.connector)
    }

    /// Takes one back that is not connected.
    func giveBack(_ handle: ConnectHandle) {
        if !target.isRetired, restingHandles.count < Self.restingHandleLimit {
            restingHandles.append(handle)
        }
    }

    // MARK: - Idle connections

    func takeConnection() -> UpstreamConnection? { idle.popLast() }

    /// Keeps a connection for another request, if it can serve one.
    func keep(_ connection: UpstreamConnection) {
        guard !target.isRetired, !connection.peerHasClosed, connection.isQuiet else {
            return connection.close()
        }
        connection.transfer = nil
        connection.isReused = true
        connection.idleSince = loop.now
        idle.append(connection)
        if !timer.isScheduled {
            loop.timers.set(timer, at: connection.idleSince + Self.idleTime)
        }
    }

    /// Closes an idle connection.
    func discard(_ connection: UpstreamConnection) {
        if let place = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: place) }
        connection.close()
    }

    func timerFired(_ timer: LoopTimer) {
        // The one that has been idle longest is the first.
        let expired = idle.prefix { $0.idleSince + Self.idleTime <= loop.now }
        for connection in expired { connection.close() }
        idle.removeFirst(expired.count)
        if let first = idle.first { loop.timers.set(timer, at: first.idleSince + Self.idleTime) }
    }

    /// The target is not configured any more; requests under way end as they would have.
    func retire() {
        target.retire()
        for connection in idle { connection.close() }
        idle = []
        restingTransfers = []
        restingHandles = []
    }

}
