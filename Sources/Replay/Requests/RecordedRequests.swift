import ActivityReport
import PluginAPI
import Proxy

/// Makes requests of activity records.
struct RecordedRequests {
    private var interned = Interned()

    /// Why a record is no request that could be made again.
    enum Obstacle: Error {
        /// It is none, but one of a list.
        case listed
        /// Its head was refused before any plugin saw it, or its time cannot be.
        case neverInChain
    }

    mutating func request(of record: ActivityRecord) throws(Obstacle) -> ReplayRequest {
        let route = record.text(.route).map { interned($0.string) }
        guard
            route != nil || record.count(.attempts) != nil || record.text(.requestID) != nil
                || record.text(.client) != nil || !record.decisions.isEmpty
        else { throw .listed }
        guard SteppedTime.range.contains(record.time),
            let method = record.text(.method).map({ interned($0.string) }),
            let path = record.text(.path).map({ interned($0.string) })
        else { throw .neverInChain }
        let decisions = record.decisions.map { decision in
            ReplayRequest.Decision(
                plugin: interned(decision.plugin?.string ?? ""),
                kind: decision.decision?.string ?? "",
                reason: interned(decision.reason?.string ?? ""))
        }
        let status = record.count(.status).map { Int(clamping: $0) }
        if route == nil, decisions.isEmpty, status != 404 { throw .neverInChain }
        let client = record.text(.client).flatMap { IPAddress($0.string) }
        let peer = record.text(.peer)
        return ReplayRequest(
            time: record.time,
            request: DryRun.Request(
                method, path, peer: Self.peer(peer?.string, client: client)),
            status: status,
            aborted: record.text(.aborted).flatMap { Outcome.Party(rawValue: $0.string) },
            hasHead: record.microseconds(.timeToFirstByte) != nil,
            duration: record.microseconds(.duration),
            upstreamDuration: record.microseconds(.upstreamDuration),
            record: ReplayRequest.Record(
                requestID: record.text(.requestID)?.string, route: route,
                hasUpstream: record.text(.upstream) != nil,
                attempts: Int(clamping: record.count(.attempts) ?? 0),
                facts: facts(of: record, client: client), decisions: decisions))
    }

    private mutating func facts(of record: ActivityRecord, client: IPAddress?) -> LearntFacts {
        func count(_ key: RecordCountKey) -> Int? { record.count(key).map { Int(clamping: $0) } }
        var usage: TokenUsage?
        if let isEstimated = record.isEstimated {
            usage = TokenUsage(
                input: count(.input), output: count(.output), cached: count(.cached),
                cacheWrite: count(.cacheWrite), longCacheWrite: count(.longCacheWrite),
                reasoning: count(.reasoning), total: count(.total), isEstimated: isEstimated)
        }
        let source = record.text(.costSource).flatMap { Cost.Source(rawValue: $0.string) }
        return LearntFacts(
            identity: record.text(.identity).map { interned($0.string) }, client: client,
            model: record.text(.model).map { interned($0.string) }, usage: usage,
            cost: record.cost.map { Cost($0, source: source ?? .prices) },
            finishReason: record.text(.finishReason)?.string)
    }

    private static func peer(_ text: String?, client: IPAddress?) -> Peer {
        (text.flatMap { IPAddress($0) } ?? (text == nil ? client : nil))
            .map { .address($0, port: 0) } ?? .local
    }
}
