import PluginAPI

/// What this process has learnt of the mode, step by step.
struct VelocityHistory: Sendable {
    /// A time in which the mode is on, or was.
    struct Activation: Sendable {
        /// By the record's clock, which tells one start from another.
        let started: Double
        /// By this machine's.
        let since: WallTime
        /// When it will end, unless it ends early.
        var until: WallTime
        let cause: VelocityCounts
        var ending: Ending?
    }

    struct Ending: Sendable {
        enum Reason: String, Sendable { case cooldown, recovered }

        let reason: Reason
        let at: WallTime
        let lasted: Duration
    }

    enum Event: Sendable {
        case started(Activation)
        /// Another replica has started it, or this one before a reload.
        case takenOver(Activation)
        case ended(Ending)
    }

    /// The last one that this process knows of.
    private(set) var activation: Activation?
    /// What the window held at the last step.
    private(set) var window = VelocityCounts()

    var isOn: Bool { activation.map { $0.ending == nil } ?? false }

    /// Takes over what a step has found out.
    /// - Returns: what is new for this process, in order.
    mutating func learn(_ finding: VelocityFinding, at now: WallTime) -> [Event] {
        window = finding.window
        if finding.mode == .on { return begin(finding, at: now) }
        guard isOn, let activation else { return [] }
        if finding.started == activation.started, finding.mode == .recovered {
            let lasted = Int64(finding.lasted)
            return [
                end(.recovered, at: WallTime(microseconds: activation.since.microseconds + lasted))
            ]
        }
        // A record that has not heard of it, as when Redis has lost it, does not end it before its time.
        guard finding.started >= activation.started || now >= activation.until else { return [] }
        return [end(.cooldown, at: min(now, activation.until))]
    }

    private mutating func begin(_ finding: VelocityFinding, at now: WallTime) -> [Event] {
        let until = WallTime(microseconds: now.microseconds + Int64(finding.remaining))
        if isOn, activation?.started == finding.started {
            activation?.until = until
            return []
        }
        var events: [Event] = []
        // It may have ended, and started again, between two steps of this process.
        if isOn, let activation { events.append(end(.cooldown, at: min(now, activation.until))) }
        let begun = Activation(
            started: finding.started,
            since: WallTime(microseconds: now.microseconds - Int64(finding.lasted)),
            until: until, cause: finding.cause)
        activation = begun
        events.append(finding.isNews ? .started(begun) : .takenOver(begun))
        return events
    }

    private mutating func end(_ reason: Ending.Reason, at time: WallTime) -> Event {
        let since = activation?.since ?? time
        let ending = Ending(
            reason: reason, at: time,
            lasted: .microseconds(time.microseconds - since.microseconds))
        activation?.ending = ending
        return .ended(ending)
    }
}
