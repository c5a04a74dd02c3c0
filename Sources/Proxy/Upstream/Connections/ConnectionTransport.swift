import PluginAPI

/// The transport of connections that libcurl makes and Sluice frames: HTTP/1.1, plain and with TLS.
///
/// It lives as long as its loop.
package final class ConnectionTransport: Transport, TurnParticipant {
    let loop: EventLoop
    let connector: Connector
    private var pools: [ObjectIdentifier: ConnectionPool] = [:]
    /// The one that was asked for last: with one target, the dictionary is never asked.
    private var lastPool: ConnectionPool?
    private var noted: ContiguousArray<ConnectionTransfer> = []
    private var carriedOut: ContiguousArray<ConnectionTransfer> = []

    /// Where answers are received. All connections share it: what cannot be used at once, such as the
    /// half of a head, goes to the connection's own memory.
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)

    package init(loop: EventLoop) {
        self.loop = loop
        connector = Connector(loop: loop)
        loop.addParticipant(self)
    }

    package func start(
        _ outgoing: OutgoingRequest, to target: Target, _ receiver: any TransferReceiver
    ) -> any Transfer {
        let transfer = pool(for: target).takeTransfer()
        transfer.start(outgoing, receiver)
        return transfer
    }

    package func retire(_ target: Target) {
        pools.removeValue(forKey: ObjectIdentifier(target))?.retire()
        if lastPool?.target === target { lastPool = nil }
    }

    private func pool(for target: Target) -> ConnectionPool {
        if let lastPool, lastPool.target === target { return lastPool }
        let pool = pools[ObjectIdentifier(target)] ?? ConnectionPool(target, self)
        if !target.isRetired {
            pools[ObjectIdentifier(target)] = pool
            lastPool = pool
        }
        return pool
    }

    /// Sees to `transfer` at the turn's end.
    func note(_ transfer: ConnectionTransfer) {
        noted.append(transfer)
    }

    package func turnEnded() -> Bool {
        guard !noted.isEmpty || connector.isDue else { return false }
        // Those that are noted meanwhile have the next round, so that none keeps the others waiting.
        swap(&noted, &carriedOut)
        for transfer in carriedOut { transfer.carryOut() }
        carriedOut.removeAll(keepingCapacity: true)
        connector.actIfDue()
        return true
    }
}
