import PluginAPI

/// The list of prices of one provider.
struct ProviderPrices: SettingsObject {
    @Setting("source", "Where the prices are from: an address for those who check them.")
    var source: String?

    @Setting("date", "The day whose prices these are.")
    var date: PriceDate?

    @Setting(
        "prefixes",
        "What gateways write before a model's name and a slash, beside the provider's own name here."
    )
    var prefixes: [String] = []

    @Setting(
        "models",
        "Prices by the model's name, in which `*` stands for any characters; a list where they depend on the service tier or the length of the prompt."
    )
    var models: NamedValues<OneOrList<PriceRates>> = NamedValues()

    @Setting("aliases", "Other names of models, in which `*` stands for any characters.")
    var aliases: NamedValues<String> = NamedValues()
}

extension ProviderPrices {
    /// Everything that stands for a name: by itself, and behind each of the provider's prefixes.
    func spellings(of name: String, provider: String) -> [String] {
        [name] + ([provider] + prefixes).map { "\($0)/\(name)" }
    }
}
