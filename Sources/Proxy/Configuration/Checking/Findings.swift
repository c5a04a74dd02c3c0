import PluginAPI

/// What has been found about a file so far.
struct Findings {
    private let file: String
    private var diagnostics: [Diagnostic] = []

    init(file: String) { self.file = file }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// In the order of the file; what was found in other files, which it names, stands behind that.
    var sorted: [Diagnostic] {
        let (own, others) = (
            diagnostics.filter { $0.file == file }, diagnostics.filter { $0.file != file }
        )
        // A stable order: what was found first stays first at the same place.
        return own.enumerated().sorted { left, right in
            guard let one = left.element.position, let other = right.element.position,
                one != other
            else { return left.offset < right.offset }
            return one < other
        }.map(\.element) + others
    }

    /// Adds an error whose places are known.
    mutating func add(_ error: ConfigurationError) {
        for issue in error.issues {
            guard case .at(let path, let position) = issue.place else {
                preconditionFailure("an error without a place: \(issue.message)")
            }
            add(.error, position, path, issue.message, file: issue.file)
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
        _ path: ConfigurationPath, _ message: String, file: String? = nil
    ) {
        diagnostics.append(
            Diagnostic(
                severity: severity, file: file ?? self.file, position: position,
                path: path.description,
                message: message))
    }
}
