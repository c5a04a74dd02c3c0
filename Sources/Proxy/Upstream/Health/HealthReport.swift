import PluginAPI

/// How it stands with an upstream, for those who look at it from outside.
struct HealthReport {
    let isInPanic: Bool
    /// In the configuration's order.
    let targets: [TargetReport]
}

struct TargetReport {
    /// Its address as records and logs show it.
    let name: String
    let weight: Int
    let standing: TargetStanding
    /// Of what its weight says, in hundredths.
    let share: Int
    let requestsInFlight: Int
    let failures: UInt64
    let failuresInARow: Int
}

extension Upstream {
    func report(at now: MonotonicTime) -> HealthReport {
        var isInPanic = false
        var standings: [TargetAddress: (TargetStanding, Int)] = [:]
        health.look(at: now) { table in
            isInPanic = table.isInPanic
            for target in table.targets {
                standings[target.address] = (target, table.share(of: target, at: now))
            }
        }
        return HealthReport(
            isInPanic: isInPanic,
            targets: targets.map { target in
                let (standing, share) =
                    standings[target.address]
                    ?? (TargetStanding(address: target.address), HealthTable.fullShare)
                let health = health.target(target.address)
                return TargetReport(
                    name: target.name, weight: target.weight, standing: standing, share: share,
                    requestsInFlight: health?.requestsInFlight ?? 0,
                    failures: health?.failures.value ?? 0,
                    failuresInARow: health?.failuresInARow ?? 0)
            })
    }
}
