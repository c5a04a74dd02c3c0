import PluginAPI

/// `/upstreams`: each upstream's targets, and how it stands with them.
enum UpstreamsPage {
    /// - Parameters:
    ///   - now: the moment that `wall` is by the other clock.
    static func answer(_ generation: Generation, at now: MonotonicTime, wall: WallTime)
        -> LocalAnswer
    {
        .json(
            200,
            [
                "generation": .number(generation.number),
                "upstreams": upstreams(generation, at: now, wall: wall),
            ])
    }

    static func upstreams(_ generation: Generation, at now: MonotonicTime, wall: WallTime)
        -> JSONValue
    {
        let clock = Clock(now: now, wall: wall)
        return .array(generation.upstreams.map { render($0, clock) })
    }

    private static func render(_ upstream: Upstream, _ clock: Clock) -> JSONValue {
        let report = upstream.report(at: clock.now)
        return .object([
            .init("name", .string(upstream.name)),
            .init("balance", .string(upstream.balance.rawValue)),
            .init("panic", .bool(report.isInPanic)),
            .init("targets", .array(report.targets.map { render($0, clock) })),
        ])
    }

    private static func render(_ target: TargetReport, _ clock: Clock) -> JSONValue {
        let standing = target.standing
        return .object([
            .init("address", .string(target.name)),
            .init("weight", .number(target.weight)),
            .init("state", .string(standing.word)),
            .init("share", .number("\(Double(target.share) / Double(HealthTable.fullShare))")),
            .init("since", clock.text(of: standing.since)),
            .init("reason", standing.reason.map { .string($0) } ?? .null),
            .init("next_try", clock.text(of: standing.nextTry)),
            .init("requests_in_flight", .number(target.requestsInFlight)),
            .init("failures", .number(String(target.failures))),
            .init("failures_in_a_row", .number(target.failuresInARow)),
            .init("ejections", .number(standing.ejections)),
            .init("checks_in_a_row", .number(standing.checksInARow)),
        ])
    }

    /// Tells moments of the monotonic clock by the calendar.
    private struct Clock {
        let now: MonotonicTime
        let wall: WallTime

        func text(of moment: MonotonicTime?) -> JSONValue {
            guard let moment else { return .null }
            // Rounded to one side, before and after now, so that lengths stay what they are.
            let offset = moment.nanoseconds(since: now)
            let microseconds = (Double(offset) / 1000).rounded(.down)
            return .string(
                WallTime(microseconds: wall.microseconds + Int64(microseconds)).description)
        }
    }
}

extension TargetStanding {
    /// As the admin listener shows it.
    fileprivate var word: String {
        if failsChecks { return "failing_checks" }
        return switch state {
        case .up: "up"
        case .ejected: "ejected"
        case .trial: "trial"
        case .returning: "slow_start"
        }
    }

    /// When an ejection ends.
    fileprivate var nextTry: MonotonicTime? {
        if case .ejected(let until) = state { until } else { nil }
    }
}
