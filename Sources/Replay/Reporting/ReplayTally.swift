import PluginAPI
import Proxy

/// Counts what the two configurations make of the requests.
final class ReplayTally {
    struct Difference: Hashable {
        let from: Verdict
        let to: Verdict
    }

    /// One request that would end otherwise.
    struct Listed {
        let request: ReplayRequest
        let origin: ReplayRequest.Origin
        let from: Verdict
        let to: Verdict
    }

    private(set) var all = Extent()
    private(set) var refused: [Verdict.Cause: Extent] = [:]
    private(set) var passing: [Verdict.Cause: Extent] = [:]
    private(set) var otherwise: [Difference: Extent] = [:]
    private(set) var routes: [String: ChangeCounts] = [:]
    private(set) var clients = ChangeTable()
    private(set) var identities = ChangeTable()
    /// The first changes, in the order of time.
    private(set) var listed: [Listed] = []
    /// Requests whose heads the engine does not take.
    private(set) var unreadable = 0

    /// Records with which the running configuration was compared.
    private(set) var compared = 0
    private(set) var agreed = 0
    /// What was recorded, and what the running configuration decides now.
    private(set) var disagreements: [Difference: Extent] = [:]

    private let listLength: Int

    init(listLength: Int) { self.listLength = listLength }

    var refusedCount: Int { refused.values.reduce(0) { $0 + $1.count } }
    var passingCount: Int { passing.values.reduce(0) { $0 + $1.count } }
    var otherwiseCount: Int { otherwise.values.reduce(0) { $0 + $1.count } }

    /// The running configuration has decided.
    func compare(_ request: ReplayRequest, _ held: HeldRequest) {
        request.origin = ReplayRequest.Origin(
            route: request.record.map { $0.route ?? "" } ?? held.route,
            client: (request.record?.facts.client ?? held.clientAddress)?.description ?? "unix",
            identity: request.record.map(\.facts.identity) ?? held.identity)
        guard let record = request.record, held.status != 0 else { return }
        compared += 1
        let decisions = held.decisions.map {
            ReplayRequest.Decision(plugin: $0.plugin, kind: $0.kind.rawValue, reason: $0.reason)
        }
        let isSame =
            decisions == record.decisions
            && (held.hasReachedUpstream ? record.hasUpstream : held.status == request.status)
        if isSame {
            agreed += 1
        } else {
            let difference = Difference(
                from: Verdict(record, status: request.status), to: Verdict(held))
            disagreements[difference, default: Extent()].add(request.time)
        }
    }

    /// Both configurations have decided.
    func add(_ request: ReplayRequest) {
        guard let was = request.verdicts.running, let new = request.verdicts.new,
            let origin = request.origin
        else { return }
        if was == .unreadable {
            unreadable += 1
            return
        }
        all.add(request.time)
        let change = Change(from: was, to: new)
        routes[origin.route, default: ChangeCounts()].add(change)
        guard let change else { return }
        switch change {
        case .refused(let cause): refused[cause, default: Extent()].add(request.time)
        case .passes(let cause): passing[cause, default: Extent()].add(request.time)
        case .otherwise:
            otherwise[Difference(from: was, to: new), default: Extent()].add(request.time)
        }
        clients.add(origin.client, change)
        if let identity = origin.identity { identities.add(identity, change) }
        list(
            Listed(request: request, origin: origin, from: was, to: new))
    }

    private func list(_ new: Listed) {
        guard listLength > 0 else { return }
        // They come nearly in order, so it is nearly always the last place.
        var place = listed.count
        while place > 0, listed[place - 1].request.time > new.request.time { place -= 1 }
        guard place < listLength else { return }
        listed.insert(new, at: place)
        if listed.count > listLength { listed.removeLast() }
    }
}

extension Verdict {
    /// Of a request whose head the engine does not take.
    static let unreadable = Verdict.refused(Cause(plugin: nil, status: 0, reason: ""))
}
