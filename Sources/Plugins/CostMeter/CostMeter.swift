import PluginAPI

/// Reads what the answers of models take, and what that costs.
public struct CostMeter: WholeRequestPhase, ResponseHeadPhase, ResponseBodyPhase, CompletedPhase,
    PeriodicPhase
{
    public static let name = "cost-meter"
    public static let summary =
        "Reads the tokens that answers took, plain and streamed, and charges them by a table of prices."
    public static let reads: [any FactDeclaration] = [Facts.allowedModels, Facts.identity]
    public static let writes: [any FactDeclaration] = [
        Facts.model, Facts.asksForStream, Facts.expectedUsage, Facts.expectedCost,
        Facts.usage.whenCompleted,
        Facts.cost.whenCompleted, Facts.finishReason.whenCompleted,
    ]

    public enum ClientGone: String, SettingChoice {
        case cancel, finish
    }

    public struct Configuration: PluginConfiguration {
        @Setting(
            "prices", "The file of prices; without one only costs that providers report count.")
        public var prices: String?

        @Setting(
            "whenUnpriced",
            "What becomes of a model that is not in it: the request is refused, costs nothing, or costs by these prices."
        )
        var whenUnpriced = UnpricedRule.zero

        @Setting(
            "askForUsage",
            "Whether a streamed chat is to tell its usage though the client did not ask; the client does not see it."
        )
        public var askForUsage = true

        @Setting(
            "onClientGone",
            "Whether an answer whose client has left is cancelled and charged by what had passed, or read to its end and charged by what it reports."
        )
        public var onClientGone = ClientGone.cancel

        @Setting(
            "expectedOutput",
            "The tokens that an answer is expected to have when its request sets no limit.",
            in: 0...10_000_000, unit: "tokens")
        public var expectedOutput = 4096

        @Setting(
            "costHeader",
            "Whether plain answers carry their cost in `x-sluice-cost`, in US dollars.")
        public var costHeader = false

        @Setting(
            "costInStream",
            "Whether the usage that ends a stream has a member `cost`, where the client gets one.")
        public var costInStream = false

        @Setting("bodyLimit", "The largest request body; a longer one is refused with 413.")
        public var bodyLimit = ByteSize.mebibytes(64)

        @Setting(
            "maxKeys", "Of how many identities, models and upstreams together totals are kept.",
            in: 10...10_000_000, unit: "keys")
        public var maxKeys = 10_000

        public init() {}
    }

    /// A plain answer longer than this comes without its cost in the head.
    private static let longestHeldAnswer = 1 << 20

    private static let metering = Fact<Metering>("cost_metering")

    public let bodyLimit: Int
    public let interval: Duration = .seconds(10)

    private let settings: Configuration
    private let prices: ModelPrices
    private let totals: SpendTotals
    private let counters: UsageCounters
    private let refusesUnpriced: Bool
    private let isObserved: Bool

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        settings = configuration
        bodyLimit = configuration.bodyLimit.bytes
        let file: PriceFile? = try configuration.prices.map { path throws(ConfigurationError) in
            try setup.settings(PriceFile.self, from: path, setting: "prices")
        }
        prices = ModelPrices(file, configuration.whenUnpriced, setup)
        totals = SpendTotals(maximumKeys: configuration.maxKeys, setup)
        counters = UsageCounters(setup)
        refusesUnpriced = if case .refuse = configuration.whenUnpriced { true } else { false }
        isObserved = setup.isObserved
    }

    public func takesPart(in phase: Phase) -> Bool { phase != .requestBody }

    public var decidesBy: RequestParts? { .bodies }

    public var state: JSONValue { totals.state }

    public func periodic(_ state: any StateAccess) { totals.learn(state) }

    // MARK: - The request

    public func request(_ exchange: Exchange, body: Span<UInt8>) throws -> Decision {
        guard !body.isEmpty else { return .proceed }
        let report = RequestReport(body)
        guard report.isWhole else {
            // A list of models is of no use if what cannot be read passes it by.
            let isForm =
                exchange.request.headers["content-type"]?.begins(with: "multipart/") ?? false
            return exchange[Facts.allowedModels] == nil || isForm
                ? .proceed
                : Self.refuse("model_not_allowed", "The request's model cannot be read.", 403)
        }
        exchange[Facts.asksForStream] = report.isStream
        if report.modelMembers > 1 {
            return Self.refuse(
                "ambiguous_model", "The request names its model more than once.", 400)
        }
        let model = report.model.isEmpty ? nil : report.model.string
        if let allowed = exchange[Facts.allowedModels], report.modelMembers > 0,
            !allowed.contains(where: { model.map($0.matches) ?? false })
        {
            return Self.refuse(
                "model_not_allowed",
                "This key may not use the model \(model.map { "'\($0)'" } ?? "that it asks for").",
                403)
        }
        // Of several in a chain the first meters an exchange, so that nothing is charged twice.
        guard exchange[Self.metering] == nil else { return .proceed }
        let rate = model.map { prices.rate(of: $0) }
        if let model, let rate {
            exchange[Facts.model] = model
            if refusesUnpriced, rate.price == nil {
                return Self.refuse("model_unpriced", "The model '\(model)' has no price here.", 400)
            }
        }
        expect(report, rate, exchange)
        start(report, model, body, exchange)
        return .proceed
    }

    private static func refuse(_ reason: String, _ message: String, _ status: Int) -> Decision {
        .refuse(status, reason: reason, message: message)
    }

    /// Tells what the request may take at most.
    private func expect(_ report: RequestReport, _ rate: ModelPrices.Rate?, _ exchange: Exchange) {
        let output =
            exchange.request.pathBytes.ends(with: "/embeddings")
            ? 0 : report.outputLimit ?? settings.expectedOutput
        var usage = TokenUsage(
            input: report.highestInput,
            output: output.multipliedReportingOverflow(by: report.choices).overflow
                ? output : output * report.choices)
        usage.isEstimated = true
        exchange[Facts.expectedUsage] = usage
        if let price = rate?.price {
            exchange[Facts.expectedCost] = price.highestCost(
                input: usage.input ?? 0, output: usage.output ?? 0, serviceTier: report.serviceTier)
        }
    }

    private func start(
        _ report: RequestReport, _ model: String?, _ body: Span<UInt8>, _ exchange: Exchange
    ) {
        var asksForUsage = false
        if !isObserved {
            if settings.askForUsage, exchange.request.pathBytes.ends(with: "/completions"),
                let request = UsageRequest(report, in: body)
            {
                exchange.request.replaceBody(request.applied(to: body))
                asksForUsage = true
            }
            // What is coded cannot be read.
            if exchange.request.headers.contains("accept-encoding") {
                exchange.request.headers.set("accept-encoding", to: "identity")
            }
            if settings.onClientGone == .finish { exchange.finishesWithoutClient = true }
        }
        exchange[Self.metering] = Metering(
            model: model, prices: prices, estimatedInput: report.estimatedInput,
            asksForUsage: asksForUsage)
    }

    // MARK: - The answer

    public func responseHead(_ exchange: Exchange) {
        guard let metering = metering(of: exchange) else { return }
        // What the proxy answers itself costs nothing, not even in the place of an answer that broke off.
        guard exchange.response.source == .upstream else { return metering.answer.leave() }
        metering.isAnswered = (200...299).contains(exchange.response.status)
        let reading = AnswerMeter.Reading(of: exchange.response)
        var changes = AnswerMeter.Changes()
        if reading == .events {
            changes.removesUsage = metering.asksForUsage
            if settings.costInStream, !isObserved, !metering.asksForUsage {
                changes.cost = { [unowned metering] usage in
                    let cost = metering.cost(of: usage)
                    return cost.source == .unpriced ? nil : cost.amount
                }
            }
            if changes.removesUsage || changes.cost != nil { exchange.response.bodyWillChange() }
        } else if settings.costHeader, !isObserved, reading == .plain {
            exchange.response.holdHead(atMost: Self.longestHeldAnswer)
        }
        metering.answer.begin(reading, changes)
    }

    public func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool)
        -> BodyDecision
    {
        guard let metering = metering(of: exchange) else { return .pass }
        let answer = metering.answer
        let decision = answer.read(bytes, isLast: isLast)
        if isLast {
            answer.end()
            if exchange.response.headIsHeld { writeCost(metering, exchange) }
        }
        if metering.isAnswered, answer.report.text != metering.estimatedText {
            metering.estimatedText = answer.report.text
            let usage = metering.estimate()
            exchange[Facts.usage] = usage
            exchange[Facts.cost] = metering.cost(of: usage)
        }
        return decision
    }

    private func writeCost(_ metering: Metering, _ exchange: Exchange) {
        guard let usage = metering.answer.report.numbers.usage else { return }
        let cost = metering.cost(of: usage)
        guard cost.source != .unpriced else { return }
        exchange.response.headers.set("x-sluice-cost", to: cost.amount.description)
    }

    // MARK: - The end

    public func completed(_ exchange: Exchange) {
        guard let metering = metering(of: exchange) else { return }
        metering.answer.end()
        guard let (usage, estimate) = metering.usage(of: exchange) else {
            exchange[Facts.usage] = nil
            exchange[Facts.cost] = nil
            return
        }
        let cost = metering.cost(of: usage)
        exchange[Facts.usage] = usage
        exchange[Facts.cost] = cost
        if let model = metering.model { exchange[Facts.model] = model }
        let finishReason = metering.answer.report.finishReason
        if !finishReason.isEmpty { exchange[Facts.finishReason] = finishReason.string }

        if cost.source == .unpriced || cost.source == .fallback {
            prices.tellUnpriced(metering.model ?? "")
        }
        if let estimate { counters.count(estimate) }
        let label = metering.rate?.label ?? ModelPrices.unpricedLabel
        let upstream = exchange.upstream ?? ""
        counters.series(upstream: upstream, model: label).count(usage, cost.amount)
        totals.count(
            usage, cost.amount, identity: exchange[Facts.identity], model: label,
            upstream: upstream, exchange)
    }

    private func metering(of exchange: Exchange) -> Metering? {
        guard let metering = exchange[Self.metering], metering.isOf(prices) else { return nil }
        return metering
    }
}

extension AnswerMeter.Reading {
    /// How an answer's body is read, by its head.
    fileprivate init(of response: Response) {
        let type = response.headers["content-type"]
        let plain: Self =
            switch type {
            case nil: .plain
            case let type? where type.begins(with: "text/event-stream"): .events
            case let type? where type.begins(with: "application/json"): .plain
            default: .none
            }
        guard plain != .none, let coding = response.headers["content-encoding"],
            !coding.equalsIgnoringCase("identity")
        else {
            self = plain
            return
        }
        self = .coded
    }
}

extension Bytes {
    fileprivate func begins(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && part(0..<length).equalsIgnoringCase(text)
    }

    fileprivate func ends(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && part(count - length..<count) == text
    }
}
