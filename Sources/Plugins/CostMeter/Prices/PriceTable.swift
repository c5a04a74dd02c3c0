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
    /// The most specific first.
    private let patterns: [Pattern]
    /// Of each, in the same order.
    private let beginnings: [Beginning]

    private struct Pattern {
        let glob: Glob
        let weight: Int
        let price: ModelPrice
    }

    /// With what a name begins that a pattern may match: up to eight bytes, by which nearly all patterns are
    /// ruled out without being looked at.
    private struct Beginning {
        let bytes: UInt64
        let mask: UInt64

        init(of pattern: Glob) {
            let literal = pattern.description.utf8.prefix(8).prefix { $0 != UInt8(ascii: "*") }
            mask = literal.count == 8 ? .max : 1 << (8 * UInt64(literal.count)) - 1
            bytes = Self.bytes(of: pattern.description) & mask
        }

        static func bytes(of name: String) -> UInt64 {
            var bytes: UInt64 = 0
            for (place, byte) in name.utf8.prefix(8).enumerated() {
                bytes |= UInt64(byte) << (8 * UInt64(place))
            }
            return bytes
        }
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
        beginnings = self.patterns.map { Beginning(of: $0.glob) }
    }

    /// - Returns: nil when the file has no price for it.
    func price(of model: String) -> ModelPrice? {
        if let price = names[model] { return price }
        let bytes = Beginning.bytes(of: model)
        for index in beginnings.indices
        where bytes & beginnings[index].mask == beginnings[index].bytes
            && patterns[index].glob.matches(model)
        {
            return patterns[index].price
        }
        return nil
    }
}
