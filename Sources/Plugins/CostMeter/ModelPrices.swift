import PluginAPI

/// Finds the price of a model, and remembers where it has found it: a name that matches a pattern only is
/// not compared with all of them again.
final class ModelPrices: Sendable {
    /// How many names are remembered. Clients choose them, so there must be an end to it.
    private static let bound = 4096

    private let table: PriceTable?
    /// What is charged for a model that is not in it; nil when that is nothing.
    private let fallback: ModelPrice?
    private let known = Locked(HashIndex<PricedModel>())
    /// Nobody can make names that have one hash.
    private let seed = UInt64.random(in: .min ... .max)
    private let unpricedAnswers: Counter
    /// The models that the log has told of.
    private let told = Locked<Set<String>>([])
    private let log: Log

    init(_ file: PriceFile?, _ rule: UnpricedRule, _ setup: Setup) {
        table = file.map { PriceTable($0) }
        fallback =
            switch rule {
            case .refuse, .zero: nil
            case .prices(let rates): ModelPrice(name: PricedModel.unpricedLabel, rates: [rates])
            }
        unpricedAnswers = setup.metrics.counter(
            "unpriced_total", "Answers of models that have no price.",
            labels: [("plugin", setup.label)])
        log = setup.log
    }

    /// The model of that name. It makes nothing when the name has been seen before.
    func model(_ name: UnsafeBufferPointer<UInt8>) -> PricedModel {
        let hash = hash(of: name)
        if let model = known.withLock({ $0.first(hash) { $0.isNamed(name) } }) { return model }
        let model = priced(String(decoding: name, as: UTF8.self))
        // What is no UTF-8 is not found again.
        guard model.isNamed(name) else { return model }
        return known.withLock { known in
            if let other = known.first(hash, where: { $0.isNamed(name) }) { return other }
            if known.elements.count < Self.bound { known.insert(model, hash) }
            return model
        }
    }

    private func hash(of name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = StableHash(seed: seed)
        hash.combine(name, kind: 0)
        return hash.value
    }

    private func priced(_ name: String) -> PricedModel {
        if let price = table?.price(of: name) {
            return PricedModel(name: name, price: price, source: .prices, label: price.name)
        }
        return PricedModel(
            name: name, price: fallback, source: fallback == nil ? .unpriced : .fallback,
            label: PricedModel.unpricedLabel)
    }

    /// Notes that an answer of a model has been charged without a price of its own.
    func tellUnpriced(_ model: String) {
        unpricedAnswers.add()
        let isNew = told.withLock { told in
            told.count < Self.bound && told.insert(model).inserted
        }
        guard isNew else { return }
        log(
            .warning, "a model has no price",
            [("model", model), ("charged", fallback == nil ? "nothing" : "the default")])
    }
}
