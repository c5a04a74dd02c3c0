import PluginAPI

/// A file of prices, such as the `prices.json` that comes with Sluice.
///
/// Every name in it means one model: none is priced twice, and every alias leads to one.
struct PriceFile: SettingsObject {
    @Setting("providers", "Lists of prices, by the name of who charges them.", count: 1...)
    var providers: NamedValues<ProviderPrices>

    func validate() throws(ConfigurationError) {
        guard let written = $providers else { return }
        let (models, aliases) = (models, aliases)
        var errors = ConfigurationError.Collector()
        var places = PricePlaces()
        for (provider, prices) in providers {
            for (name, rates) in prices.models {
                guard let value = written[provider]?["models"]?[name] else { continue }
                errors.collect { () throws(ConfigurationError) in
                    try Self.check(rates.values, value)
                    try places.claim(prices.spellings(of: name, provider: provider), at: value)
                }
            }
        }
        for (provider, prices) in providers {
            for (name, _) in prices.aliases {
                guard let value = written[provider]?["aliases"]?[name] else { continue }
                errors.collect { () throws(ConfigurationError) in
                    guard models[name] == nil else {
                        throw ConfigurationError(
                            at: value, "this alias would hide the model of the same name")
                    }
                    try places.claim(prices.spellings(of: name, provider: provider), at: value)
                    try Self.check(name, value, leads: aliases, to: models.keys)
                }
            }
        }
        try errors.throwIfAny()
    }

    private static func check(_ rates: [PriceRates], _ value: ConfigurationValue)
        throws(ConfigurationError)
    {
        for (index, rate) in rates.enumerated() {
            let place = value.array?[index] ?? value
            if rates[..<index].contains(where: { $0.tier == rate.tier && $0.above == rate.above }) {
                throw ConfigurationError(
                    at: place, "the same \"tier\" and \"above\" as in prices before it")
            }
            if !rates.contains(where: { $0.tier == rate.tier && $0.above == nil }) {
                throw ConfigurationError(
                    at: place,
                    "there are no prices without \"above\""
                        + (rate.tier == .standard ? "" : " for the tier \"\(rate.tier.rawValue)\""))
            }
        }
        guard rates.contains(where: \.areBase) else {
            throw ConfigurationError(at: value, "there are no prices without \"tier\"")
        }
    }

    private static func check(
        _ alias: String, _ value: ConfigurationValue, leads aliases: [String: String],
        to models: some Collection<String>
    ) throws(ConfigurationError) {
        var way = [alias]
        while let next = aliases[way[way.count - 1]] {
            if next == alias {
                let circle = (way + [alias]).map { JSONValue.string($0).description }
                throw ConfigurationError(
                    at: value, "aliases in a circle: \(circle.joined(separator: ", "))")
            }
            // Where it leads into a circle, that is told of those in the circle.
            if way.contains(next) { return }
            way.append(next)
        }
        // Where it leads to an alias, what is wrong with that is told there.
        guard way.count == 2, !models.contains(way[1]) else { return }
        throw ConfigurationError(
            at: value, expected: "the name of a model or an alias in this file",
            suggestion: Spelling.nearest(to: way[1], among: Array(models) + aliases.keys.sorted()))
    }
}

extension PriceFile {
    /// By name as written, whose list it is in.
    var models: [String: (provider: String, rates: [PriceRates])] {
        var models: [String: (provider: String, rates: [PriceRates])] = [:]
        for (provider, prices) in providers {
            for (name, rates) in prices.models { models[name] = (provider, rates.values) }
        }
        return models
    }

    /// What each alias stands for: a model or another alias.
    var aliases: [String: String] {
        var aliases: [String: String] = [:]
        for (_, prices) in providers {
            for (name, target) in prices.aliases { aliases[name] = target }
        }
        return aliases
    }
}

/// Where each name of a file of prices has been found.
private struct PricePlaces {
    private var places: [String: ConfigurationPath] = [:]

    mutating func claim(_ names: [String], at value: ConfigurationValue) throws(ConfigurationError)
    {
        for name in names {
            if let place = places[name] {
                throw ConfigurationError(
                    at: value, "\(JSONValue.string(name)) has a price already, at \(place)")
            }
            places[name] = value.path
        }
    }
}
