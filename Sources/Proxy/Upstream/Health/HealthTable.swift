import PluginAPI

/// The health of an upstream's targets: who is out, for how long, and who returns.
///
/// A value that knows no clock and no thread. What must stay true: an ejection leaves a usable target, and
/// after it no more than `maximumEjected` of the targets are unusable, or one. Checks can take out the
/// rest; then all are used, so that there is always a target.
struct HealthTable: Sendable {
    private(set) var settings: HealthConfiguration
    private(set) var targets: [TargetStanding]
    /// No target is usable, so all are used.
    private(set) var isInPanic = false
    /// Grows with each change.
    private(set) var revision = 1
    private var changes: [HealthChange] = []

    /// In hundredths.
    static let fullShare = 100
    /// What a returning target begins with.
    static let firstShare = 10

    init(_ addresses: [TargetAddress], _ settings: HealthConfiguration) {
        self.settings = settings
        targets = addresses.map { TargetStanding(address: $0) }
    }

    // MARK: - What is asked

    /// Of what a target's weight says, in hundredths: 0 when it is out.
    func share(of target: TargetStanding, at now: MonotonicTime) -> Int {
        guard target.isUsable else { return 0 }
        guard target.state == .returning, let since = target.since else { return Self.fullShare }
        let length = max(1, settings.slowStart.nanoseconds)
        let passed = max(0, min(length, now.nanoseconds(since: since)))
        // In parts of a thousandth, so that no duration overflows.
        let share = Int(passed / max(1, length / 1000)) * Self.fullShare / 1000
        return max(Self.firstShare, min(share, Self.fullShare))
    }

    /// When shares change though nothing happens; nil for never.
    func nextChange(after now: MonotonicTime) -> MonotonicTime? {
        let step = max(Duration.milliseconds(1), settings.slowStart / Self.fullShare)
        return targets.compactMap { target in
            switch target.state {
            case .ejected(let until): until
            case .returning: now + step
            case .up, .trial: nil
            }
        }.min()
    }

    /// How many targets may be unusable for an ejection to be allowed that makes one more so.
    private var limit: Int {
        let share = settings.passive?.maximumEjected ?? 0
        // 0.29 of 100 is 28.999999999999996.
        return min(targets.count - 1, max(1, Int(share * Double(targets.count) + 1e-9)))
    }

    private var unusable: Int { targets.count { !$0.isUsable } }

    // MARK: - What happens

    /// Time has passed.
    mutating func advance(to now: MonotonicTime) -> [HealthChange] {
        changing { $0.letTimePass(now) }
    }

    /// A target has failed so many requests that it is to be ejected.
    mutating func eject(_ address: TargetAddress, _ cause: EjectionCause, at now: MonotonicTime)
        -> [HealthChange]
    {
        changing { table in
            table.letTimePass(now)
            guard let index = table.index(of: address), table.targets[index].isUsable else {
                return
            }
            table.eject(index, cause, now)
        }
    }

    /// The one request of a trial has been served, or has failed.
    /// - Parameter trial: its number, by which a late one is told.
    /// - Returns: nil when that trial is over already.
    mutating func endTrial(
        _ trial: Int, of address: TargetAddress, failure: EjectionCause?, at now: MonotonicTime
    ) -> [HealthChange]? {
        guard let index = index(of: address), targets[index].state == .trial,
            targets[index].ejections == trial
        else { return nil }
        return changing { table in
            if let failure {
                table.setEjected(index, failure, now, isInARow: true)
            } else {
                table.setReturning(index, now)
                table.note(.returned(address))
            }
        }
    }

    /// A check has ended.
    /// - Parameter failure: nil when it was passed.
    mutating func checked(_ address: TargetAddress, failure: String?, at now: MonotonicTime)
        -> [HealthChange]
    {
        changing { table in
            table.letTimePass(now)
            guard let active = table.settings.active, let index = table.index(of: address) else {
                return
            }
            var target = table.targets[index]
            let before = target.checksInARow
            target.checksInARow = failure == nil ? max(before, 0) + 1 : min(before, 0) - 1
            table.targets[index].checksInARow = target.checksInARow
            if let failure, !target.failsChecks, -target.checksInARow >= active.unhealthyAfter {
                table.targets[index].failsChecks = true
                table.targets[index].since = now
                table.targets[index].reason = failure
                table.note(.failedChecks(address, why: failure))
            } else if failure == nil, target.failsChecks,
                target.checksInARow >= active.healthyAfter
            {
                table.targets[index].failsChecks = false
                table.targets[index].since = now
                if target.state != .trial, !target.isEjected { table.setReturning(index, now) }
                table.note(.passedChecks(address))
            }
        }
    }

    /// Another configuration is in force. What is known of targets that it still has stays known.
    mutating func use(
        _ addresses: [TargetAddress], _ settings: HealthConfiguration, at now: MonotonicTime
    ) -> [HealthChange] {
        changing { table in
            let known = table.targets
            table.settings = settings
            table.targets = addresses.map { address in
                known.first { $0.address == address } ?? TargetStanding(address: address)
            }
            table.revision += 1
            for index in table.targets.indices {
                if settings.active == nil { table.targets[index].failsChecks = false }
                if settings.passive == nil, table.targets[index].isOut {
                    table.setReturning(index, now)
                }
            }
            // Fewer targets, or a smaller share: those that have been out for longest return.
            while table.ejected > table.limit, let index = table.firstToReturn {
                table.setReturning(index, now)
            }
        }
    }

    // MARK: - Changing it

    private mutating func changing(_ change: (inout Self) -> Void) -> [HealthChange] {
        change(&self)
        let isInPanic = unusable == targets.count
        if isInPanic != self.isInPanic {
            self.isInPanic = isInPanic
            note(isInPanic ? .panicBegan : .panicEnded)
        }
        defer { changes = [] }
        return changes
    }

    private mutating func note(_ change: HealthChange) {
        changes.append(change)
        revision += 1
    }

    private mutating func letTimePass(_ now: MonotonicTime) {
        for index in targets.indices {
            switch targets[index].state {
            case .ejected(let until) where until <= now:
                targets[index].state = .trial
                targets[index].since = until
                revision += 1
            case .returning where now - (targets[index].since ?? now) >= settings.slowStart:
                targets[index].state = .up
                revision += 1
            case .up, .ejected, .trial, .returning: break
            }
        }
    }

    private mutating func eject(_ index: Int, _ cause: EjectionCause, _ now: MonotonicTime) {
        guard unusable < limit else {
            if !targets[index].isSpared {
                targets[index].isSpared = true
                note(.spared(targets[index].address, cause))
            }
            return
        }
        let target = targets[index]
        // Whoever has served for as long as it was out, and longer than it took to return, is forgiven.
        let forgiven = (target.since ?? now) + target.ejectedFor + settings.slowStart <= now
        setEjected(index, cause, now, isInARow: target.ejections > 0 && !forgiven)
    }

    private mutating func setEjected(
        _ index: Int, _ cause: EjectionCause, _ now: MonotonicTime, isInARow: Bool
    ) {
        guard let passive = settings.passive else { return }
        var target = targets[index]
        target.ejections += 1
        target.ejectionsInARow = isInARow ? target.ejectionsInARow + 1 : 1
        var length = passive.ejectFor
        // Doubled step by step, because a shift by the number would overflow.
        for _ in 1..<target.ejectionsInARow where length < passive.ejectForAtMost { length *= 2 }
        length = min(length, passive.ejectForAtMost)
        target.ejectedFor = length
        target.state = .ejected(until: now + length)
        target.since = now
        target.reason = cause.detail
        target.isSpared = false
        targets[index] = target
        note(.ejected(target.address, cause, for: length))
    }

    private mutating func setReturning(_ index: Int, _ now: MonotonicTime) {
        targets[index].state = settings.slowStart > .zero ? .returning : .up
        targets[index].since = now
        // There is room for another ejection, so it is news again when there is none.
        for index in targets.indices { targets[index].isSpared = false }
        revision += 1
    }

    private func index(of address: TargetAddress) -> Int? {
        targets.firstIndex { $0.address == address }
    }

    private var ejected: Int { targets.count { $0.isOut } }

    private var firstToReturn: Int? {
        targets.indices.filter { targets[$0].isOut }.min {
            (targets[$0].since?.nanoseconds ?? 0) < (targets[$1].since?.nanoseconds ?? 0)
        }
    }
}

extension TargetStanding {
    fileprivate var isEjected: Bool { if case .ejected = state { true } else { false } }

    /// Whether an ejection keeps it out, or the trial that follows one.
    fileprivate var isOut: Bool { isEjected || state == .trial }
}
