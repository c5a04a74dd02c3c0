import PluginAPI

/// Finds a model's price by the name that a request or an answer gives.
///
/// A name as it is written in the file wins, be it a model's or an alias. Of the patterns that match, the
/// one with the most characters beside its `*` does, and the earlier in the file of two that are alike.
/// Behind a provider's prefix and a slash, all of its names mean the same.
///
/// It never changes, so it is read from any thread without a lock: a reload makes a new one.
struct PriceTable: Sendable {
    private let names: [String: ModelPrice]
    private let patterns: [Pattern]

    private struct Pattern {
        let glob: Glob
        let weight: Int
        let price: ModelPrice
    }

    init(_ file: PriceFile) {
        let prices = file.models.map { ModelPrice(name: $0.key, rates: $0.value.rates) }
        let models = Dictionary(uniqueKeysWithValues: prices.map { ($0.name, $0) })
        let aliases = file.aliases
        var names: [String: ModelPrice] = [:]
        var patterns: [Pattern] = []
        for (provider, list) in file.providers {
            for name in list.models.map(\.name) + list.aliases.map(\.name) {
                var target = name
                while let next = aliases[target] { target = next }
                guard let price = models[target] else { continue }
                for spelling in list.spellings(of: name, provider: provider) {
                    guard let glob = Glob(spelling), spelling.utf8.contains(UInt8(ascii: "*"))
                    else {
                        names[spelling] = price
                        continue
                    }
                    let weight = spelling.utf8.count { $0 != UInt8(ascii: "*") }
                    patterns.append(Pattern(glob: glob, weight: weight, price: price))
                }
            }
        }
        self.names = names
        self.patterns = patterns.sorted { $0.weight > $1.weight }
    }

    /// - Returns: nil when the file has no price for it.
    func price(of model: String) -> ModelPrice? {
        names[model] ?? patterns.first { $0.glob.matches(model) }?.price
    }
}
