import PluginAPI

/// What a model's tokens cost, under one set of conditions.
struct PriceRates: SettingsObject {
    @Setting("tier", "The service tier for which these prices hold.")
    var tier: ServiceTier = .standard

    @Setting(
        "above", "These prices hold for requests with more input tokens than this.", in: 1...,
        unit: "tokens")
    var above: Int?

    @Setting("input", "Tokens of the prompt.", unit: unit)
    var input: TokenPrice

    @Setting("output", "Tokens of the answer; 0 for embeddings.", unit: unit)
    var output: TokenPrice

    @Setting(
        "cached", "Tokens of the prompt that the provider had in its cache; as `input` when null.",
        unit: unit)
    var cached: TokenPrice?

    @Setting(
        "cacheWrite",
        "Tokens of the prompt that the provider puts into its cache; as `input` when null.",
        unit: unit)
    var cacheWrite: TokenPrice?

    @Setting(
        "longCacheWrite",
        "Those of them that stay there for longer than usual; as `cacheWrite` when null.",
        unit: unit)
    var longCacheWrite: TokenPrice?

    @Setting("reasoning", "Tokens spent on thinking; as `output` when null.", unit: unit)
    var reasoning: TokenPrice?

    private static let unit = "US dollars per million tokens"
}

extension PriceRates {
    /// Whether they are what holds when no other rates of the model do.
    var areBase: Bool { tier == .standard && above == nil }
}
