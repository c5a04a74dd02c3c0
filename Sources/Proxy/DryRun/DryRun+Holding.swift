import Glibc
import PluginAPI

/// Many requests under way at once, each at its own time: they begin, are held where an upstream would
/// have them, and end when they are told to.
///
/// The time is set between the calls, and stands still in each of them.
extension DryRun {
    /// Begins a request. Unless a plugin answers it or lets it wait, it is then with the upstream.
    /// - Parameters:
    ///   - context: comes back with `takeNews`.
    ///   - seed: sets facts that the request itself does not show, before any plugin sees it.
    /// - Throws: `Failure` when no more can be under way at once.
    package func begin(
        _ request: Request, context: AnyObject, seed: ((Exchange) -> Void)? = nil
    ) throws(Failure) -> HeldRequest {
        let client: HeldClient
        if let idle = idleClients.popLast() { client = idle } else { client = try connect() }
        let held = HeldRequest(
            context, peer: request.peer, client: client, news: news, seed: seed)
        observer.beginning = held
        client.send(Self.bytes(of: request))
        worker.loop.settle { held.stage != .waiting && client.hasSentAll }
        pump(held)
        if observer.beginning != nil {
            observer.beginning = nil
            held.failed()
        }
        return held
    }

    /// Ends a request that has not ended yet.
    package func finish(_ held: HeldRequest, _ ending: HeldRequest.Ending) {
        guard let run = held.run else { return }
        worker.loop.readClocks()
        switch ending {
        case .answered(let status):
            sendHead(status, held)
            held.transfer?.receiver?.transferEnded(trailers: nil)
        case .answeredHere(let status):
            run.leaveUpstream()
            run.exchange.outcome.attempts = 0
            run.sendError(status: status, reason: "recorded", message: nil)
        case .brokenOff(let status, let party):
            sendHead(status, held)
            guard held.transfer?.receiver != nil else { break }
            let error = "the answer was broken off"
            switch party {
            case .upstream: run.transferFailed(TransferError(.broken, error))
            case .proxy, .client: run.abort(by: party, error)
            }
        case .clientLeft(let hasHead):
            if hasHead { sendHead(200, held) }
            held.client?.close()
            worker.loop.settle()
            // Its plugins may want the rest without the client.
            held.transfer?.receiver?.transferEnded(trailers: nil)
        }
        worker.loop.settle { held.stage == .ended }
        guard held.stage != .ended else { return }
        // Whatever keeps it: nobody waits for it any more.
        held.client?.close()
        worker.loop.settle()
    }

    /// Lets everything happen that happens by this time, which has been set.
    package func turn() { worker.loop.settle() }

    /// The next moment up to `limit` for which `turn` is to be called; nil when there is none.
    package func nextTurn(until limit: WallTime) -> WallTime? {
        worker.loop.timers.nextFiring(until: limit.monotonic)?.wall
    }

    /// Those that have come to the upstream, or have ended, since this was last asked.
    package func takeNews() -> [HeldRequest] {
        guard !news.requests.isEmpty else { return [] }
        // One that came to the upstream and ended there at once is told once.
        let requests = news.requests.filter { $0.client != nil }
        news.requests.removeAll(keepingCapacity: true)
        for held in requests {
            if held.stage == .ended { release(held) } else { pump(held) }
        }
        return requests
    }

    private func sendHead(_ status: Int, _ held: HeldRequest) {
        guard let receiver = held.transfer?.receiver else { return }
        receiver.incoming.status = status
        receiver.incoming.contentLength = 0
        receiver.transferHead()
    }

    /// Moves a long body on, as far as it goes.
    private func pump(_ held: HeldRequest) {
        held.transfer?.takeBody()
        while let client = held.client, !client.hasSentAll, client.sendMore() {
            worker.loop.settle()
            held.transfer?.takeBody()
        }
    }

    private func release(_ held: HeldRequest) {
        guard let client = held.client else { return }
        held.client = nil
        if held.leavesConnection, client.hasSentAll, client.drain() {
            idleClients.append(client)
        } else {
            client.close()
            worker.loop.settle()
        }
    }

    private func connect() throws(Failure) -> HeldClient {
        _ = Self.descriptorLimitIsRaised
        let ends: (client: Int32, proxy: Int32)
        do {
            ends = try Self.pair()
        } catch {
            throw Failure(
                description: "too many requests are under way at once, of which each takes two"
                    + " descriptors (\(error)); raise the limit of open files (ulimit -n)")
        }
        worker.accepted(ends.proxy, .local, endpoint)
        return HeldClient(ends.client)
    }

    private static let descriptorLimitIsRaised: Void = Server.raiseDescriptorLimit()
}
