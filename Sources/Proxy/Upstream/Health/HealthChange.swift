import PluginAPI

/// What changes in the health of an upstream's targets, as operators are told.
enum HealthChange: Equatable, Sendable {
    case ejected(TargetAddress, EjectionCause, for: Duration)
    /// It would have been ejected, but too many others are out.
    case spared(TargetAddress, EjectionCause)
    /// An ejection is over, and the target has served a request.
    case returned(TargetAddress)
    case failedChecks(TargetAddress, why: String)
    case passedChecks(TargetAddress)
    /// No target is left, so all are used.
    case panicBegan
    case panicEnded
}
