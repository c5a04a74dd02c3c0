import PluginAPI
import Synchronization

/// What requests tell of one target. Every worker writes it, on a request's path, without a lock.
///
/// It goes over from one configuration to the next, as long as the upstream has that target.
final class TargetHealth: Sendable {
    let address: TargetAddress
    /// Failed attempts since the start.
    let failures: Counter
    private let requests = Atomic<Int>(0)
    private let consecutive = Atomic<Int>(0)
    /// The number of the trial that has its request.
    private let trial = Atomic<Int>(0)
    private let window = FailureWindow()

    init(_ address: TargetAddress, failures: Counter) {
        self.address = address
        self.failures = failures
    }

    // MARK: - Requests under way

    /// Over all workers.
    var requestsInFlight: Int { requests.load(ordering: .relaxed) }

    func requestBegins() { requests.wrappingAdd(1, ordering: .relaxed) }
    func requestEnds() { requests.wrappingSubtract(1, ordering: .relaxed) }

    // MARK: - How they end

    var failuresInARow: Int { consecutive.load(ordering: .relaxed) }

    /// - Parameter eighth: of the window of failures, in nanoseconds; 0 where there is none.
    func succeeded(eighth: UInt64, at now: MonotonicTime) {
        // Nearly always it is zero, and what is only read is not fought over by processors.
        if consecutive.load(ordering: .relaxed) != 0 { consecutive.store(0, ordering: .relaxed) }
        if eighth > 0 { window.add(failed: false, at: now, eighth: eighth) }
    }

    /// - Parameter settings: nil where nothing follows from it.
    /// - Returns: why the target is to be ejected; nil when it is not.
    func failed(
        _ why: String, _ settings: PassiveHealthConfiguration?, at now: MonotonicTime
    ) -> EjectionCause? {
        failures.add()
        let consecutive = consecutive.wrappingAdd(1, ordering: .relaxed).newValue
        guard let settings else { return nil }
        let eighth = settings.windowEighth
        if eighth > 0 { window.add(failed: true, at: now, eighth: eighth) }
        // Each so many anew: a target that could not be ejected then, may be now.
        if let limit = settings.consecutiveFailures, consecutive % limit == 0 {
            return EjectionCause(
                kind: .consecutiveFailures,
                detail: "\(consecutive) failures in a row, the last: \(why)")
        }
        guard let share = settings.errorShare else { return nil }
        let counts = window.counts(at: now, eighth: eighth)
        guard counts.requests >= settings.minimumRequests,
            Double(counts.failures) >= share * Double(counts.requests)
        else { return nil }
        window.clear()
        return EjectionCause(
            kind: .errorShare,
            detail:
                "\(counts.failures) of \(counts.requests) requests failed, the last: \(why)")
    }

    /// It was out, and what it did before that does not count any more.
    func forget() {
        consecutive.store(0, ordering: .relaxed)
        window.clear()
    }

    // MARK: - The trial

    func trialIsFree(_ number: Int) -> Bool { trial.load(ordering: .relaxed) != number }

    /// - Returns: false when another request has it.
    func takeTrial(_ number: Int) -> Bool {
        trial.exchange(number, ordering: .relaxed) != number
    }

    /// Its request has ended without telling anything.
    func giveTrialBack(_ number: Int) {
        _ = trial.compareExchange(expected: number, desired: 0, ordering: .relaxed)
    }
}
