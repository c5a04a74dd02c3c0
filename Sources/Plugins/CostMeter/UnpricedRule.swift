import PluginAPI

/// What becomes of a request for a model that the file of prices does not know.
enum UnpricedRule: Sendable {
    case refuse
    /// Nothing is charged, and it is counted and logged.
    case zero
    case prices(PriceRates)
}

extension UnpricedRule: SettingValue {
    static var settingType: SettingType {
        .either(
            [.choice(["refuse", "zero"]), .object(PriceRates.settings)],
            expected: #""refuse", "zero", or an object of prices"#)
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        switch value.string {
        case "refuse": self = .refuse
        case "zero": self = .zero
        case nil where value.isObject:
            let rates = try PriceRates(setting: value)
            guard rates.areBase else {
                throw ConfigurationError(
                    at: value, "prices for every other model have neither \"tier\" nor \"above\"")
            }
            self = .prices(rates)
        default:
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap {
                    Spelling.nearest(to: $0, among: ["refuse", "zero"])
                })
        }
    }

    var settingJSON: JSONValue {
        switch self {
        case .refuse: "refuse"
        case .zero: "zero"
        case .prices(let rates): rates.settingJSON
        }
    }
}

extension ConfigurationValue {
    fileprivate var isObject: Bool {
        if case .object = content { true } else { false }
    }
}
