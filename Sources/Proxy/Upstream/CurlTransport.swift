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
            idle[ObjectIdentifier(target), default: []].popLast() ?? CurlTransfer(target, self)
        transfer.start(outgoing, receiver)
        return transfer
    }

    package func retire(_ target: Target) {
        idle[ObjectIdentifier(target)] = nil
    }

    /// Takes back a transfer that has ended.
    func recycle(_ transfer: CurlTransfer) {
        let key = ObjectIdentifier(transfer.target)
        // A target that was retired meanwhile has no list any more.
        guard let count = idle[key]?.count, count < Self.idleLimit else { return }
        idle[key]!.append(transfer)
    }
}
