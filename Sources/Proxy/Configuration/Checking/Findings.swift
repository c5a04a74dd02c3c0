import PluginAPI

/// What has been found about a file so far.
struct Findings {
    private let file: String
    private var diagnostics: [Diagnostic] = []

    init(file: String) { self.file = file }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    var sorted: [Diagnostic] {
        // A stable order: what was found first stays first at the same place.
        diagnostics.enumerated().sorted { left, right in
            guard let one = left.element.position, let other = right.element.position,
                one != other
            else { return left.offset < right.offset }
            return one < other
        }.map(\.element)
    }

    /// Adds an error whose places are known.
    mutating func add(_ error: ConfigurationError) {
        for issue in error.issues {
            guard case .at(let path, let position) = issue.place else {
                preconditionFailure("an error without a place: \(issue.message)")
            }
            add(.error, position, path, issue.message)
        }
    }

    mutating func error(at value: ConfigurationValue, _ message: String) {
        add(ConfigurationError(at: value, message))
    }

    mutating func warning(at value: ConfigurationValue, _ message: String) {
        add(.warning, value.position, value.path, message)
    }

    private mutating func add(
        _ severity: Diagnostic.Severity, _ position: ConfigurationValue.Position,
        _ path: ConfigurationPath, _ message: String
    ) {
        diagnostics.append(
            Diagnostic(
                severity: severity, file: file, position: position, path: path.description,
                message: message))
    }
}
