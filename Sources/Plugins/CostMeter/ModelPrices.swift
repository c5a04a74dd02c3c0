import PluginAPI

/// Finds the price of a model, and remembers where it has found it: a name that matches a pattern only is
/// not compared with all of them again.
final class ModelPrices: Sendable {
    /// What a model is charged by.
    struct Rate: Sendable {
        /// Nil when nothing is known.
        let price: ModelPrice?
        let source: Cost.Source
        /// The model's label in metrics: of these there are only as many as the file has entries.
        let label: String
    }

    static let unpricedLabel = "unpriced"
    /// How many names are remembered. Clients choose them, so there must be an end to it.
    private static let bound = 4096

    private let table: PriceTable?
    private let unpriced: Rate
    private let known = Locked<[String: Rate]>([:])
    private let unpricedAnswers: Counter
    /// The models that the log has told of.
    private let told = Locked<Set<String>>([])
    private let log: Log

    init(_ file: PriceFile?, _ rule: UnpricedRule, _ setup: Setup) {
        table = file.map { PriceTable($0) }
        unpriced =
            switch rule {
            case .refuse, .zero: Rate(price: nil, source: .unpriced, label: Self.unpricedLabel)
            case .prices(let rates):
                Rate(
                    price: ModelPrice(name: Self.unpricedLabel, rates: [rates]), source: .fallback,
                    label: Self.unpricedLabel)
            }
        unpricedAnswers = setup.metrics.counter(
            "unpriced_total", "Answers of models that have no price.",
            labels: [("plugin", setup.label)])
        log = setup.log
    }

    /// - Returns: the one for unpriced models when there is none.
    func rate(of model: String) -> Rate {
        if let rate = known.withLock({ $0[model] }) { return rate }
        let rate = table?.price(of: model).map {
            Rate(price: $0, source: .prices, label: $0.name)
        }
        known.withLock { known in
            if known.count < Self.bound { known[model] = rate ?? unpriced }
        }
        return rate ?? unpriced
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
            [("model", model), ("charged", unpriced.price == nil ? "nothing" : "the default")])
    }
}
