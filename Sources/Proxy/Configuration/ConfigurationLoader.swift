import Glibc
import PluginAPI

/// From the bytes of plugins.json to a checked configuration with built plugins.
package struct ConfigurationLoader: Sendable {
    package struct Result: Sendable {
        /// Nil when there is an error.
        package let configuration: ServerConfiguration?
        /// In the order of the file.
        package let diagnostics: [Diagnostic]
    }

    let registry: PluginRegistry
    let environment: [String: String]
    let upstreamTarget: TargetAddress?
    let setup: @Sendable (_ label: String, _ folder: String) -> Setup

    /// - Parameters:
    ///   - environment: what `${NAME}` stands for.
    ///   - upstreamTarget: takes the place of every upstream's own targets, if given.
    ///   - setup: what the instance of that label is given to run with.
    package init(
        registry: PluginRegistry, environment: [String: String],
        upstreamTarget: TargetAddress? = nil,
        setup: @escaping @Sendable (_ label: String, _ folder: String) -> Setup
    ) {
        self.registry = registry
        self.environment = environment
        self.upstreamTarget = upstreamTarget
        self.setup = setup
    }

    /// Reads a file. Blocks; opens nothing that it does not close.
    package func load(path: String) -> Result {
        switch FileContent.read(path, limit: JSONReader.sizeLimit + 1) {
        case .success(let bytes):
            return load(bytes: bytes, name: path, folder: Self.folder(of: path))
        case .failure(let problem):
            let diagnostic = Diagnostic(
                severity: .error, file: path, position: nil, path: "",
                message: "the file cannot be read: \(problem.reason)")
            return Result(configuration: nil, diagnostics: [diagnostic])
        }
    }

    /// - Parameters:
    ///   - name: by which diagnostics name the file.
    ///   - folder: against which relative paths are meant.
    package func load(bytes: [UInt8], name: String, folder: String) -> Result {
        var findings = Findings(file: name)
        let read = JSONReader.read(bytes)
        findings.add(ConfigurationError(read.issues))
        guard let written = read.value else {
            return Result(configuration: nil, diagnostics: findings.sorted)
        }
        var substitution = Substitution(environment: environment, folder: folder)
        let root = substitution.apply(to: written)
        findings.add(ConfigurationError(substitution.errors.issues))

        var builder = ConfigurationBuilder(
            registry: registry, upstreamTarget: upstreamTarget, folder: folder,
            setup: { label in setup(label, folder) }, findings: findings)
        let configuration = builder.build(root)
        return Result(configuration: configuration, diagnostics: builder.findings.sorted)
    }

    /// The absolute path of the folder in which a file is.
    private static func folder(of path: String) -> String {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        if path.hasPrefix("/") { return folder.isEmpty ? "/" : folder }
        guard let current = getcwd(nil, 0) else { return folder }
        defer { free(current) }
        return String(cString: current) + (folder == "." ? "" : "/" + folder)
    }
}
