import PluginAPI

/// What came of a reload.
enum ReloadResult: Sendable {
    /// The new configuration serves every request that has begun since.
    /// - needRestart: the keys that have changed in the file and not in the process.
    case taken(
        generation: Int, warnings: [Diagnostic], changes: [ConfigurationChange],
        needRestart: [String])
    /// The old one stays.
    case refused(reason: String, findings: [Diagnostic])

    var answer: LocalAnswer {
        switch self {
        case .taken(let generation, let warnings, let changes, let needRestart):
            .json(
                200,
                [
                    "result": "ok", "generation": .number(generation),
                    "changes": .array(changes.map(\.json)),
                    "warnings": .array(warnings.map(\.json)),
                    "need_restart": .array(needRestart.map { .string($0) }),
                ])
        case .refused(let reason, let findings):
            .json(
                422,
                [
                    "result": "refused", "reason": .string(reason),
                    "errors": .array(findings.filter { $0.severity == .error }.map(\.json)),
                    "warnings": .array(findings.filter { $0.severity == .warning }.map(\.json)),
                ])
        }
    }
}
