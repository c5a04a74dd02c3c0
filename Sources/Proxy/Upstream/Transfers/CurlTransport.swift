import CCurl
import PluginAPI

/// The transport that hands whole transfers to libcurl: HTTP/1.1 and HTTP/2, plain and TLS.
package final class CurlTransport: Transport {
    let multi: CurlMulti
    let loop: EventLoop
    private var pools: [ObjectIdentifier: CurlTransferPool] = [:]

    package init(loop: EventLoop) {
        self.loop = loop
        multi = CurlMulti(loop: loop)
    }

    package func start(
        _ outgoing: OutgoingRequest, to target: Target, _ receiver: any TransferReceiver
    ) -> any Transfer {
        let transfer = pool(for: target).take(for: self)
        transfer.start(outgoing, receiver)
        return transfer
    }

    package func retire(_ target: Target) {
        pools[ObjectIdentifier(target)]?.retire()
        pools[ObjectIdentifier(target)] = nil
        multi.retire(target)
    }

    private func pool(for target: Target) -> CurlTransferPool {
        if let pool = pools[ObjectIdentifier(target)] { return pool }
        let pool = CurlTransferPool(target)
        if !target.isRetired { pools[ObjectIdentifier(target)] = pool }
        return pool
    }
}

/// The transfers to one target: those under way, and finished ones whose handles the next requests use.
final class CurlTransferPool {
    let target: Target
    private var idle: ContiguousArray<CurlTransfer> = []
    private var active = 0
    /// Those under way, where they may share connections.
    private var sharing: [ObjectIdentifier: CurlTransfer] = [:]
    /// Whether connections may carry several transfers at once; false once an answer has come by HTTP/1.
    var mayShareConnections: Bool

    /// One holds about 20 KiB.
    private static let idleLimit = 256

    init(_ target: Target) {
        self.target = target
        mayShareConnections = target.isSecure && target.version != .http1
    }

    func take(for transport: CurlTransport) -> CurlTransfer {
        active += 1
        let transfer = idle.popLast() ?? CurlTransfer(self, transport)
        if mayShareConnections { sharing[ObjectIdentifier(transfer)] = transfer }
        return transfer
    }

    func giveBack(_ transfer: CurlTransfer, isReusable: Bool) {
        active -= 1
        if !sharing.isEmpty { sharing[ObjectIdentifier(transfer)] = nil }
        if isReusable, !target.isRetired, idle.count < Self.idleLimit { idle.append(transfer) }
    }

    /// Makes the end of a cancelled HTTP/2 stream known to the upstream, which libcurl 7.88 would tell
    /// it only with the connection's next request.
    func flushCancelled(_ multi: CurlMulti) {
        guard mayShareConnections else { return }
        if active == 0 { multi.endConnections(to: target) }
        for transfer in sharing.values { transfer.flushConnection() }
    }

    /// The target is not configured any more; transfers under way end as they would have.
    func retire() {
        target.retire()
        idle = []
    }
}
