import CCurl
import PluginAPI

/// The transport that hands whole transfers to libcurl: HTTP/1.1 and HTTP/2, plain and TLS.
package final class CurlTransport: Transport {
    let multi: CurlMulti
    let loop: EventLoop
    private var idle: [ObjectIdentifier: ContiguousArray<CurlTransfer>] = [:]

    /// How many finished transfers are kept per target for the next requests. One holds about 20 KiB.
    private static let idleLimit = 256

    package init(loop: EventLoop) {
        self.loop = loop
        multi = CurlMulti(loop: loop)
    }

    package func start(
        _ outgoing: OutgoingRequest, to target: Target, _ receiver: any TransferReceiver
    ) -> any Transfer {
        let transfer =
            idle[ObjectIdentifier(target)]?.popLast() ?? CurlTransfer(target, self)
        transfer.start(outgoing, receiver)
        return transfer
    }

    package func retire(_ target: Target) {
        target.retire()
        idle[ObjectIdentifier(target)] = nil
        multi.retire(target)
    }

    /// Takes back a transfer that has ended.
    func recycle(_ transfer: CurlTransfer) {
        let key = ObjectIdentifier(transfer.target)
        guard !transfer.target.isRetired, idle[key, default: []].count < Self.idleLimit else {
            return
        }
        idle[key, default: []].append(transfer)
    }
}
