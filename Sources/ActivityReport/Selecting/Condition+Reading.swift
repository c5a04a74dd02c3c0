import PluginAPI
import Proxy

extension Condition {
    /// Reads `FIELD=VALUE` and its like.
    /// - Throws: `CommandLineError` that tells what was found and what was expected.
    package init(_ text: String) throws(CommandLineError) {
        let name = text.prefix { !"=!<>".contains($0) }
        let rest = text.dropFirst(name.count)
        guard let comparison = Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) })
        else {
            throw CommandLineError(
                "--where: expected a condition such as status=429, model!=none or duration_ms>2000,"
                    + " found \(Quoted(text))")
        }
        let field = try RecordField.named(String(name), for: "--where") { $0.isCondition }
        try self.init(
            field, comparison, String(rest.dropFirst(comparison.rawValue.count)),
            option: "--where \(field.name)")
    }

    /// - Parameter option: by which it was asked for, in errors.
    package init(
        _ field: RecordField, _ comparison: Comparison, _ value: String, option: String
    ) throws(CommandLineError) {
        self.field = field
        self.comparison = comparison
        operand = try Self.operand(field, comparison, value, option)
        let isOrdered: Bool =
            switch operand {
            case .number: true
            default: false
            }
        guard isOrdered || comparison == .equal || comparison == .notEqual else {
            throw CommandLineError(
                "\(option): expected = or !=, found \(Quoted(comparison.rawValue))"
                    + (field.isMeasured ? " with \(Quoted(value))" : ""))
        }
    }

    private static func operand(
        _ field: RecordField, _ comparison: Comparison, _ value: String, _ option: String
    ) throws(CommandLineError) -> Operand {
        if value == RecordField.noneLabel { return .none }
        func wrong(_ expected: String) -> CommandLineError {
            CommandLineError("\(option): expected \(expected), found \(Quoted(value))")
        }
        if let values = field.values {
            guard values.contains(value) else {
                let nearest = Spelling.nearest(to: value, among: values)
                throw CommandLineError(
                    wrong("one of \(Spelling.list(values))").description
                        + (nearest.map { "; did you mean \($0)?" } ?? ""))
            }
            if field == .stream || field == .estimated { return .flag(value == "true") }
        }
        switch field {
        case .count(.status):
            if let hundreds = statusClass(value) { return .statusClass(hundreds) }
            guard let status = whole(value) else {
                throw wrong("a status such as 429, a class such as 5xx, or none")
            }
            return .number(status)
        case .statusClass:
            guard let hundreds = statusClass(value) else {
                throw wrong("a class such as 5xx, or none")
            }
            return .number(hundreds)
        case .count:
            guard let count = whole(value) else { throw wrong("a whole number or none") }
            return .number(count)
        case .duration:
            guard
                let duration = RecordScanner.microseconds(of: value)
                    ?? TimeArgument.duration(value)
            else {
                throw wrong("milliseconds such as 2000, a duration such as 2s, or none")
            }
            return .number(duration)
        case .cost:
            guard let amount = Money(decimal: value) else {
                throw wrong("an amount of US dollars such as 0.25, or none")
            }
            return .number(amount.picodollars)
        default:
            guard let glob = Glob(value) else {
                throw wrong("a value, a pattern such as gpt-4o*, or none")
            }
            return .text(glob)
        }
    }

    private static func whole(_ text: String) -> Int64? {
        guard !text.hasPrefix("+"), let number = Int64(text), number >= 0 else { return nil }
        return number
    }

    /// `5xx`
    private static func statusClass(_ text: String) -> Int64? {
        guard text.count == 3, text.lowercased().hasSuffix("xx"), let first = text.first,
            let digit = first.wholeNumberValue, first.isASCII
        else { return nil }
        return Int64(digit)
    }
}

extension RecordField {
    /// The field of that name, of those that `isKnown` lets pass.
    package static func named(
        _ name: String, for option: String, _ isKnown: (RecordField) -> Bool
    ) throws(CommandLineError) -> RecordField {
        let known = all.filter(isKnown).map(\.name)
        if let field = RecordField(name), isKnown(field) { return field }
        if let field = RecordField(name), field.period != nil {
            throw CommandLineError(
                "\(option): \(name) is a part of the calendar: choose by --since and --until")
        }
        if RecordField(name) != nil {
            throw CommandLineError(
                "\(option): \(name) has too many values to count by;"
                    + " expected one of \(Spelling.list(known))")
        }
        let nearest = Spelling.nearest(to: name, among: known)
        throw CommandLineError(
            "\(option): unknown field \(Quoted(name))"
                + (nearest.map { "; did you mean \(Quoted($0))?" } ?? "")
                + " (known: \(Spelling.list(known, atMost: nearest == nil ? .max : 4)))")
    }

    /// Whether its values have an order that `<` can ask for.
    var isMeasured: Bool {
        switch self {
        case .count, .duration, .cost, .statusClass: true
        default: false
        }
    }
}
