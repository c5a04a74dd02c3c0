/// What is wrong with a configuration, for the operator who wrote it.
///
/// A plugin's `init` and a `validate` name one of their settings by key or key path; a `SettingValue`
/// names the value that it was given. `sluice check` adds the file, the line and the column.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    package struct Issue: Sendable {
        package enum Place: Sendable {
            case at(ConfigurationPath, ConfigurationValue.Position)
            /// A key path below the object that is being checked; empty for the object itself.
            case setting(String)
        }
        package let place: Place
        package let message: String
        /// The file in which the place is; nil for the one that is being checked.
        package let file: String?

        package init(_ place: Place, _ message: String, file: String? = nil) {
            self.place = place
            self.message = message
            self.file = file
        }
    }

    package let issues: [Issue]

    package init(_ issues: [Issue]) { self.issues = issues }

    /// Points at a setting of the object that is being checked.
    /// - Parameters:
    ///   - setting: its key, or a key path such as `tiers[1].limit`.
    ///   - expected: what should stand there: `the path of a readable file`.
    ///   - found: what was found out about it, such as `"rules.json": no such file`.
    public init(setting: String, expected: String, found: String) {
        self.init(setting: setting, "expected \(expected), found \(found)")
    }

    /// Points at a setting of the object that is being checked, in a sentence without a full stop.
    public init(setting: String, _ message: String) {
        issues = [Issue(.setting(setting), message)]
    }

    /// Speaks of the object as a whole, in a sentence without a full stop.
    public init(_ message: String) {
        issues = [Issue(.setting(""), message)]
    }

    /// Points at a value, in a sentence without a full stop.
    public init(at value: ConfigurationValue, _ message: String) {
        if case .unreadable = value.content {
            issues = []
        } else {
            issues = [Issue(.at(value.path, value.position), message)]
        }
    }

    /// Points at a value that is not what it should be.
    /// - Parameters:
    ///   - expected: with an article: `a rate such as "60/m"`.
    ///   - suggestion: what was probably meant.
    public init(at value: ConfigurationValue, expected: String, suggestion: String? = nil) {
        var message = "expected \(expected), found \(value.found)"
        if let suggestion, !value.isSubstituted, !value.isSecret, suggestion != value.string {
            message += "; did you mean \(JSONValue.string(suggestion))?"
        }
        self.init(at: value, message)
    }

    /// Several errors as one.
    public init(_ errors: [ConfigurationError]) {
        issues = errors.flatMap(\.issues)
    }

    public var description: String {
        issues.map { issue in
            switch issue.place {
            case .at(let path, let position):
                "\(issue.file.map { "\($0):" } ?? "")\(position): \(path): \(issue.message)"
            case .setting(""): issue.message
            case .setting(let setting): "\(setting): \(issue.message)"
            }
        }.joined(separator: "\n")
    }
}

extension ConfigurationError {
    static func missingKey(_ key: String, in object: ConfigurationValue, expected: String) -> Self {
        Self(at: object, "missing key \"\(key)\": expected \(expected)")
    }

    static func unknownKey(_ member: ConfigurationValue.Member, known: [String]) -> Self {
        let name = JSONValue.string(member.name).abbreviated
        let nearest = Spelling.nearest(to: member.name, among: known)
        var message = "unknown key \(name)"
        if let nearest { message += "; did you mean \"\(nearest)\"?" }
        message += " (known: \(Spelling.list(known, atMost: nearest == nil ? .max : 4)))"
        return Self([Issue(.at(member.value.path.parent, member.namePosition), message)])
    }

    /// Gives the issues that name settings the places where these stand in `object`.
    package func located(in object: ConfigurationValue) -> ConfigurationError {
        ConfigurationError(
            issues.map { issue in
                guard case .setting(let keyPath) = issue.place else { return issue }
                let (path, nearest) = object.resolve(keyPath)
                return Issue(.at(path, nearest.position), issue.message)
            })
    }

    /// The same, found in another file than the one that is being checked.
    package func inFile(_ name: String) -> ConfigurationError {
        ConfigurationError(issues.map { Issue($0.place, $0.message, file: name) })
    }

    /// Gathers errors, so that one run finds them all.
    package struct Collector {
        package private(set) var issues: [Issue] = []
        /// Errors, counting those without an issue: of something that has been reported already.
        package private(set) var count = 0

        package init() {}

        package mutating func add(_ error: ConfigurationError) {
            issues += error.issues
            count += 1
        }

        package mutating func collect(_ body: () throws(ConfigurationError) -> Void) {
            do { try body() } catch { add(error) }
        }

        package func throwIfAny() throws(ConfigurationError) {
            if count > 0 { throw ConfigurationError(issues) }
        }
    }
}
