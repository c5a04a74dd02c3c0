import PluginAPI

/// A request that is taken through a chain, and held where an upstream would be answering it.
package final class HeldRequest {
    package enum Stage {
        /// A plugin lets it wait.
        case waiting
        /// An upstream would have it.
        case upstream
        case ended
    }

    /// How its answer comes, or does not.
    package enum Ending: Sendable {
        /// The upstream answers.
        case answered(status: Int)
        /// The proxy itself answers in the upstream's place, before any target has been asked.
        case answeredHere(status: Int)
        /// After the answer's head, which had this status.
        case brokenOff(status: Int, by: Outcome.Party)
        /// - Parameter hasHead: whether the answer had begun.
        case clientLeft(hasHead: Bool)
    }

    /// What whoever sent it wants to find with it.
    package let context: AnyObject
    package internal(set) var stage = Stage.waiting
    /// The name of the route; empty when none matched.
    package private(set) var route = ""
    /// What the client has seen, once it has ended; 0 when the head could not be read.
    package private(set) var status = 0
    /// What plugins decided, without those that let it proceed. When it has ended.
    package private(set) var decisions: [DecisionRecord] = []
    /// Whether it came to an upstream.
    package private(set) var hasReachedUpstream = false
    /// Who it came from, as it was known at its end.
    package private(set) var clientAddress: IPAddress?
    package private(set) var identity: String?

    /// By which its exchange knows it.
    static let ofExchange = Fact<HeldRequest>("held_request")

    let peer: Peer
    let seed: ((Exchange) -> Void)?
    /// From its beginning to its end.
    private(set) var run: ExchangeRun?
    private(set) var transfer: HeldTransfer?
    var client: HeldClient?
    /// Whether the client's connection can serve another request.
    private(set) var leavesConnection = false
    /// Is told when an upstream would have it, and when it has ended.
    let news: HeldNews

    init(
        _ context: AnyObject, peer: Peer, client: HeldClient, news: HeldNews,
        seed: ((Exchange) -> Void)?
    ) {
        self.context = context
        self.peer = peer
        self.client = client
        self.news = news
        self.seed = seed
    }

    func began(_ run: ExchangeRun) {
        self.run = run
        run.exchange[Self.ofExchange] = self
        // A connection serves many clients here.
        run.exchange.peer = peer
        route = run.exchange.route
        seed?(run.exchange)
    }

    func reachedUpstream(_ run: ExchangeRun, _ transfer: HeldTransfer) {
        self.transfer = transfer
        stage = .upstream
        hasReachedUpstream = true
        news.requests.append(self)
    }

    func ended(_ run: ExchangeRun) {
        stage = .ended
        status = run.exchange.outcome.status
        decisions = run.exchange.decisions
        clientAddress = run.exchange.clientAddress
        identity = run.exchange[Facts.identity]
        if let connection = run.connection {
            leavesConnection =
                connection.response.isOut && connection.response.keepAlive
                && connection.requestIsComplete
        }
        self.run = nil
        transfer = nil
        news.requests.append(self)
    }

    /// Its head was not understood: it never came to a chain.
    func failed() {
        stage = .ended
        news.requests.append(self)
    }
}

/// Requests with which something has happened.
final class HeldNews {
    var requests: [HeldRequest] = []
}
