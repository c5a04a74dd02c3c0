import PluginAPI

/// In the place of all upstreams: what comes here is held until somebody says how it is answered.
final class HeldTransport: Transport {
    func start(_ outgoing: OutgoingRequest, to target: Target, _ receiver: any TransferReceiver)
        -> any Transfer
    {
        let transfer = HeldTransfer(receiver, takesBody: outgoing.body.isStream)
        if let run = receiver as? ExchangeRun {
            // How it is answered is how it ended at last, after all attempts.
            run.exchange.retry = nil
            run.exchange[HeldRequest.ofExchange]?.reachedUpstream(run, transfer)
        }
        return transfer
    }

    func retire(_ target: Target) {}
}

/// A request that an upstream would be answering.
final class HeldTransfer: Transfer {
    /// Nil when nobody waits for the answer any more.
    private(set) var receiver: (any TransferReceiver)?
    private var takesBody: Bool

    init(_ receiver: any TransferReceiver, takesBody: Bool) {
        self.receiver = receiver
        self.takesBody = takesBody
    }

    func bodyAvailable() {}
    func resume() {}
    func cancel() { receiver = nil }

    /// Takes what there is of the body, and forgets it. Not while the transfer is being started.
    func takeBody() {
        guard takesBody else { return }
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { space in
            while takesBody, let receiver {
                switch receiver.takeBody(into: space) {
                case .bytes: continue
                case .later: return
                case .ended, .broken: takesBody = false
                }
            }
        }
    }
}

extension OutgoingRequest.Body {
    fileprivate var isStream: Bool { if case .stream = self { true } else { false } }
}
