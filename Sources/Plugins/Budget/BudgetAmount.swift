import PluginAPI

/// So many US dollars, or so many tokens: `"25.00"`, `"2000000 tokens"`.
enum BudgetAmount: Sendable, Hashable {
    case dollars(Money)
    case tokens(Int)

    var unit: BudgetUnit {
        switch self {
        case .dollars: .dollars
        case .tokens: .tokens
        }
    }

    /// Without the unit: `25`, `0.00042`, `2000000`.
    var number: String {
        switch self {
        case .dollars(let money): money.description
        case .tokens(let count): String(count)
        }
    }
}

extension BudgetAmount: CustomStringConvertible {
    /// `25 US dollars`, `1 token`
    var description: String {
        let one = number == "1"
        return switch self {
        case .dollars: "\(number) US dollar\(one ? "" : "s")"
        case .tokens: "\(number) token\(one ? "" : "s")"
        }
    }
}

extension BudgetAmount: SettingValue {
    private static let tokens = " tokens"

    static var settingType: SettingType {
        .either(
            [
                .number,
                .notation(
                    "amount", expected: "an amount",
                    pattern: "^([0-9]+(\\.[0-9]{1,12})?|[0-9]+ tokens)$"),
            ],
            expected:
                #"an amount of US dollars such as "25.00", or of tokens such as "1000 tokens""#
        )
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        if let text = value.string, text.hasSuffix(Self.tokens) {
            let digits = text.dropLast(Self.tokens.utf8.count)
            guard let count = Int(digits), count >= 0, digits.first != "+", digits.first != "-",
                Double(count) <= SplitAmount.highest
            else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
            self = .tokens(count)
        } else if let money = try? Money(setting: value) {
            self = .dollars(money)
        } else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap(Self.suggestion))
        }
    }

    var settingJSON: JSONValue {
        switch self {
        case .dollars(let money): money.settingJSON
        case .tokens(let count): .string("\(count)\(Self.tokens)")
        }
    }

    /// `$25`, `25 USD` or `1000tokens` as they are to be written.
    private static func suggestion(_ text: String) -> String? {
        let digits = text.filter { $0.isNumber || $0 == "." }
        guard Money(decimal: digits) != nil else { return nil }
        return text.lowercased().contains("tok")
            ? Int(digits).map { "\($0)\(tokens)" } : digits
    }
}
