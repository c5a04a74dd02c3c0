import PluginAPI
import Synchronization

/// The health of an upstream's targets, for all workers and the admin listener.
///
/// A request only reads `revision` and counts in `TargetHealth`. The lock is for what changes: an ejection,
/// a return, a check.
package final class UpstreamHealth: Sendable {
    let upstream: String
    private let contents: Locked<Contents>
    /// The table's, to be read without the lock.
    private let latest: Atomic<Int>
    private let reporter: HealthReporter

    private struct Contents {
        var table: HealthTable
        /// In the table's order.
        var targets: [TargetHealth]
    }

    init(
        _ upstream: String, _ addresses: [TargetAddress], _ settings: HealthConfiguration,
        _ reporter: HealthReporter
    ) {
        self.upstream = upstream
        self.reporter = reporter
        let table = HealthTable(addresses, settings)
        latest = Atomic(table.revision)
        contents = Locked(
            Contents(
                table: table,
                targets: addresses.map {
                    TargetHealth($0, failures: reporter.failures(upstream, $0))
                }))
        reporter.prepare(upstream, addresses, settings)
    }

    /// Takes over another configuration of the upstream: from now on, that one holds.
    func use(_ addresses: [TargetAddress], _ settings: HealthConfiguration, at now: MonotonicTime) {
        reporter.prepare(upstream, addresses, settings)
        change { contents in
            let known = contents.targets
            contents.targets = addresses.map { address in
                known.first { $0.address == address }
                    ?? TargetHealth(address, failures: reporter.failures(upstream, address))
            }
            return contents.table.use(addresses, settings, at: now)
        }
    }

    // MARK: - For those who choose

    /// Changes whenever a target goes out or returns.
    var revision: Int { latest.load(ordering: .relaxed) }

    func target(_ address: TargetAddress) -> TargetHealth? {
        contents.withLock { $0.targets.first { $0.address == address } }
    }

    /// Looks at the table as it is now.
    func look(at now: MonotonicTime, _ body: (HealthTable) -> Void) {
        change { contents in
            let changes = contents.table.advance(to: now)
            body(contents.table)
            return changes
        }
    }

    // MARK: - For those who report

    /// The head of an answer is there: that is enough for a trial, and an answer may go on for hours.
    func headArrived(
        _ status: Int, from target: TargetHealth, trial: Int, by upstream: Upstream,
        at now: MonotonicTime
    ) {
        guard trial != 0, !upstream.isFailure(status) else { return }
        endTrial(trial, of: target, failure: nil, at: now)
    }

    /// An attempt has ended.
    /// - Parameters:
    ///   - trial: the number of the trial that it was; 0 for none.
    ///   - upstream: by whose settings it is judged.
    func report(
        _ ending: AttemptEnding, of target: TargetHealth, trial: Int, by upstream: Upstream,
        at now: MonotonicTime
    ) {
        switch ending {
        case .unknown:
            if trial != 0 { target.giveTrialBack(trial) }
        case .answered(let status) where upstream.isFailure(status):
            failed("status \(status)", target, trial, upstream, now)
        case .answered(let status):
            target.succeeded(eighth: upstream.windowEighth, at: now)
            headArrived(status, from: target, trial: trial, by: upstream, at: now)
        case .failed(let why):
            failed(why, target, trial, upstream, now)
        }
    }

    private func failed(
        _ why: String, _ target: TargetHealth, _ trial: Int, _ upstream: Upstream,
        _ now: MonotonicTime
    ) {
        let cause = target.failed(why, upstream.ejection, at: now)
        let trialFailure = EjectionCause(
            kind: .trial, detail: "the first request after an ejection failed: \(why)")
        if trial != 0, endTrial(trial, of: target, failure: trialFailure, at: now) { return }
        guard let cause else { return }
        change { $0.table.eject(target.address, cause, at: now) }
    }

    /// - Returns: false when the trial was over.
    @discardableResult
    private func endTrial(
        _ trial: Int, of target: TargetHealth, failure: EjectionCause?, at now: MonotonicTime
    ) -> Bool {
        var isOver = false
        change { contents in
            let changes = contents.table.endTrial(
                trial, of: target.address, failure: failure, at: now)
            isOver = changes == nil
            return changes ?? []
        }
        return !isOver
    }

    /// A check has ended.
    /// - Parameter failure: nil when it was passed.
    func checked(_ address: TargetAddress, failure: String?, at now: MonotonicTime) {
        reporter.count(upstream, address, hasPassed: failure == nil)
        change { $0.table.checked(address, failure: failure, at: now) }
    }

    private func change(_ body: (inout Contents) -> [HealthChange]) {
        let changes = contents.withLock { contents in
            let changes = body(&contents)
            for change in changes {
                guard let address = change.newBeginning else { continue }
                contents.targets.first { $0.address == address }?.forget()
            }
            latest.store(contents.table.revision, ordering: .relaxed)
            return changes
        }
        for change in changes { reporter.report(change, of: upstream) }
    }
}

extension HealthChange {
    /// The target whose failures before this do not count any more.
    fileprivate var newBeginning: TargetAddress? {
        switch self {
        case .ejected(let address, _, _), .returned(let address), .passedChecks(let address):
            address
        case .spared, .failedChecks, .panicBegan, .panicEnded: nil
        }
    }
}
