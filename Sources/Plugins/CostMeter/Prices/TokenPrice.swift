import PluginAPI

/// What tokens of one kind cost.
///
/// Providers price a million of them. With up to six decimals one token is a whole number of
/// pico-dollars, so that no cost is ever rounded; a finer price is refused.
struct TokenPrice: Sendable, Hashable {
    /// For one token; not negative.
    let perToken: Money

    static let free = TokenPrice(perToken: .zero)
}

extension TokenPrice: SettingValue {
    private static let million: Int64 = 1_000_000

    static var settingType: SettingType {
        .either(
            [
                .number,
                .notation("amount", expected: "an amount", pattern: "^[0-9]+(\\.[0-9]{1,6})?$"),
            ],
            expected:
                "a price in US dollars for a million tokens, with at most six decimals, such as 2.50"
        )
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let amount = try? Money(setting: value), amount.picodollars % Self.million == 0
        else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
        perToken = Money(picodollars: amount.picodollars / Self.million)
    }

    var settingJSON: JSONValue { (perToken * Int(Self.million)).settingJSON }
}
