import PluginAPI

/// Reads what the answers of models take, and what that costs.
public struct CostMeter: WholeRequestPhase, ResponseHeadPhase, ResponseBodyPhase, CompletedPhase,
    PeriodicPhase
{
    public static let name = "cost-meter"
    public static let summary =
        "Reads the tokens that answers took, plain and streamed, and charges them by a table of prices."
    public static let reads: [any FactDeclaration] = [
        Facts.allowedModels, Facts.identity.whenCompleted,
    ]
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

    // Not the configuration itself: what it holds is slower to read.
    private let asksForUsage: Bool
    private let finishesWithoutClient: Bool
    private let writesCostHeader: Bool
    private let writesCostInStream: Bool
    private let expectedOutput: Int
    private let refusesUnpriced: Bool
    private let isObserved: Bool
    private let prices: ModelPrices
    private let totals: SpendTotals
    private let counters: UsageCounters
    private let meterings: SpareMeterings

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        isObserved = setup.isObserved
        // Who only observes changes nothing.
        asksForUsage = configuration.askForUsage && !isObserved
        finishesWithoutClient = configuration.onClientGone == .finish && !isObserved
        writesCostHeader = configuration.costHeader && !isObserved
        writesCostInStream = configuration.costInStream && !isObserved
        expectedOutput = configuration.expectedOutput
        refusesUnpriced = if case .refuse = configuration.whenUnpriced { true } else { false }
        bodyLimit = configuration.bodyLimit.bytes
        let file: PriceFile? = try configuration.prices.map { path throws(ConfigurationError) in
            try setup.settings(PriceFile.self, from: path, setting: "prices")
        }
        prices = ModelPrices(file, configuration.whenUnpriced, setup)
        counters = UsageCounters(setup)
        totals = SpendTotals(maximumKeys: configuration.maxKeys, counters, setup)
        meterings = SpareMeterings(prices)
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
                exchange.request.headers["content-type"]?
                .withBytes { $0.begins(with: "multipart/") } ?? false
            return exchange[Facts.allowedModels] == nil || isForm
                ? .proceed
                : Self.refuse("model_not_allowed", "The request's model cannot be read.", 403)
        }
        exchange[Facts.asksForStream] = report.isStream
        if report.modelMembers > 1 {
            return Self.refuse(
                "ambiguous_model", "The request names its model more than once.", 400)
        }
        let model = report.model.isEmpty ? nil : report.model.withBytes { prices.model($0) }
        if let allowed = exchange[Facts.allowedModels], report.modelMembers > 0,
            !allowed.contains(where: { model.map(\.name).map($0.matches) ?? false })
        {
            let name = model.map { "'\($0.name)'" } ?? "that it asks for"
            return Self.refuse(
                "model_not_allowed", "This key may not use the model \(name).", 403)
        }
        // Of several in a chain the first meters an exchange, so that nothing is charged twice.
        guard exchange[Self.metering] == nil else { return .proceed }
        if let model {
            exchange[Facts.model] = model.name
            if refusesUnpriced, model.price == nil {
                return Self.refuse(
                    "model_unpriced", "The model '\(model.name)' has no price here.", 400)
            }
        }
        expect(report, model, exchange)
        start(report, model, body, exchange)
        return .proceed
    }

    private static func refuse(_ reason: String, _ message: String, _ status: Int) -> Decision {
        .refuse(status, reason: reason, message: message)
    }

    /// Tells what the request may take at most.
    private func expect(
        _ report: RequestReport, _ model: PricedModel?, _ exchange: Exchange
    ) {
        let output =
            exchange.request.pathBytes.withBytes { $0.ends(with: "/embeddings") }
            ? 0 : report.outputLimit ?? expectedOutput
        var usage = TokenUsage(
            input: report.highestInput,
            output: output.multipliedReportingOverflow(by: report.choices).overflow
                ? output : output * report.choices)
        usage.isEstimated = true
        exchange[Facts.expectedUsage] = usage
        if let price = model?.price {
            exchange[Facts.expectedCost] = price.highestCost(
                input: usage.input ?? 0, output: usage.output ?? 0, serviceTier: report.serviceTier)
        }
    }

    private func start(
        _ report: RequestReport, _ model: PricedModel?, _ body: Span<UInt8>,
        _ exchange: Exchange
    ) {
        var metersAddedUsage = false
        if asksForUsage, exchange.request.pathBytes.withBytes({ $0.ends(with: "/completions") }),
            let request = UsageRequest(report, in: body)
        {
            exchange.request.replaceBody(request.applied(to: body))
            metersAddedUsage = true
        }
        // What is coded cannot be read.
        if !isObserved, exchange.request.headers.contains("accept-encoding") {
            exchange.request.headers.set("accept-encoding", to: "identity")
        }
        if finishesWithoutClient { exchange.finishesWithoutClient = true }
        let metering = meterings.take()
        metering.begin(
            model, estimatedInput: report.estimatedInput, asksForUsage: metersAddedUsage)
        exchange[Self.metering] = metering
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
            if writesCostInStream, !metering.asksForUsage {
                changes.cost = { [unowned metering] usage in
                    let cost = metering.cost(of: usage)
                    return cost.source == .unpriced ? nil : cost.amount
                }
            }
            if changes.removesUsage || changes.cost != nil { exchange.response.bodyWillChange() }
        } else if writesCostHeader, reading == .plain {
            exchange.response.holdHead(atMost: Self.longestHeldAnswer)
        }
        metering.answer.begin(
            reading, changes, length: exchange.response.headers.first(.contentLength)?.decimal)
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
        complete(exchange, metering)
        exchange[Self.metering] = nil
        meterings.putBack(metering)
    }

    private func complete(_ exchange: Exchange, _ metering: Metering) {
        metering.answer.end()
        guard let (usage, estimate) = metering.usage(of: exchange) else {
            exchange[Facts.usage] = nil
            exchange[Facts.cost] = nil
            return
        }
        let cost = metering.cost(of: usage)
        exchange[Facts.usage] = usage
        exchange[Facts.cost] = cost
        if let model = metering.learntModel { exchange[Facts.model] = model.name }
        if !metering.answer.report.finishReason.isEmpty {
            exchange[Facts.finishReason] = metering.answer.report.finishReason.string
        }

        if cost.source == .unpriced || cost.source == .fallback {
            prices.tellUnpriced(metering.model?.name ?? "")
        }
        if let estimate { counters.count(estimate) }
        totals.count(
            usage, cost.amount, identity: exchange[Facts.identity],
            model: metering.charged?.label ?? PricedModel.unpricedLabel,
            upstream: exchange.upstream ?? "", exchange)
    }

    private func metering(of exchange: Exchange) -> Metering? {
        guard let metering = exchange[Self.metering], metering.isOf(prices) else { return nil }
        return metering
    }
}

extension AnswerMeter.Reading {
    /// How an answer's body is read, by its head.
    fileprivate init(of response: Response) {
        var type: Self?
        var isPlain: Bool?
        response.headers.forEachBytes { name, value in
            if type == nil, ASCII.isToken(name, "content-type") {
                type =
                    value.begins(with: "text/event-stream")
                    ? .events : value.begins(with: "application/json") ? .plain : Self.none
            } else if isPlain == nil, ASCII.isToken(name, "content-encoding") {
                isPlain = ASCII.equalsIgnoringCase(value, ("identity" as StaticString).bytes)
            }
        }
        let reading = type ?? .plain
        self = reading != .none && isPlain == false ? .coded : reading
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func begins(with text: StaticString) -> Bool {
        ASCII.equalsIgnoringCase(
            UnsafeBufferPointer(rebasing: prefix(text.utf8CodeUnitCount)), text.bytes)
    }

    fileprivate func ends(with text: StaticString) -> Bool {
        ASCII.equals(UnsafeBufferPointer(rebasing: suffix(text.utf8CodeUnitCount)), text.bytes)
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
