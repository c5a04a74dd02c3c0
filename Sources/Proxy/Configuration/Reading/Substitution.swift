import PluginAPI

/// Replaces `${NAME}` by the environment's value and `${file:PATH}` by that file's trimmed content,
/// in every string that is a value. `$${` stands for `${`.
///
/// What has been replaced is marked, because it may be a secret: it is never shown.
struct Substitution {
    let environment: [String: String]
    /// The folder against which relative paths are meant.
    let folder: String
    private(set) var errors = ConfigurationError.Collector()

    init(environment: [String: String], folder: String) {
        self.environment = environment
        self.folder = folder
    }

    mutating func apply(to value: ConfigurationValue) -> ConfigurationValue {
        var result = value
        switch value.content {
        case .array(let elements):
            result.content = .array(elements.map { apply(to: $0) })
        case .object(let members):
            result.content = .object(
                members.map { member in
                    var member = member
                    member.value = apply(to: member.value)
                    return member
                })
        case .string(let text) where text.contains("${"):
            return replaced(text, in: value)
        default:
            break
        }
        return result
    }

    private mutating func replaced(_ text: String, in value: ConfigurationValue)
        -> ConfigurationValue
    {
        var result = ""
        var hasReplacement = false
        var rest = text[...]
        while let opening = rest.firstRange(of: "${") {
            let before = rest[..<opening.lowerBound]
            rest = rest[opening.upperBound...]
            if before.last == "$" {
                result += before.dropLast() + "${"
                continue
            }
            result += before
            guard let closing = rest.firstIndex(of: "}") else {
                return unreadable(value, #"expected "}" after "${", or "$${" for a literal "${""#)
            }
            switch content(of: String(rest[..<closing])) {
            case .success(let content): result += content
            case .failure(let problem): return unreadable(value, problem.message)
            }
            hasReplacement = true
            rest = rest[rest.index(after: closing)...]
        }
        result += rest
        return ConfigurationValue(
            .string(result), position: value.position, path: value.path,
            written: hasReplacement ? text : nil)
    }

    private struct Problem: Error {
        let message: String
    }

    private func content(of reference: String) -> Result<String, Problem> {
        if reference.hasPrefix("file:") { return fileContent(String(reference.dropFirst(5))) }
        guard Self.isName(reference) else {
            return .failure(
                Problem(
                    message: "expected ${NAME} or ${file:PATH}, found "
                        + JSONValue.string("${\(reference)}").abbreviated
                        + #"; write "$${" for a literal "${""#))
        }
        guard let content = environment[reference] else {
            var message = "the environment variable \(reference) is not set"
            if let nearest = Spelling.nearest(to: reference, among: environment.keys.sorted()) {
                message += "; did you mean \(nearest)?"
            }
            return .failure(Problem(message: message))
        }
        return .success(content)
    }

    private func fileContent(_ written: String) -> Result<String, Problem> {
        let name = JSONValue.string(written).abbreviated
        let path = written.hasPrefix("/") ? written : folder + "/" + written
        switch FileContent.read(path, limit: 1 << 20) {
        case .failure(let problem):
            return .failure(Problem(message: "the file \(name) cannot be read: \(problem.reason)"))
        case .success(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
                return .failure(Problem(message: "expected text in UTF-8 in the file \(name)"))
            }
            return .success(text.trimmed)
        }
    }

    private mutating func unreadable(_ value: ConfigurationValue, _ message: String)
        -> ConfigurationValue
    {
        errors.add(ConfigurationError(at: value, message))
        var value = value
        value.content = .unreadable
        return value
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39 ~= first) else { return false }
        return text.utf8.allSatisfy {
            $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || $0 == 0x5F
        }
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
