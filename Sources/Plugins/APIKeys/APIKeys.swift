import PluginAPI

/// Lets in who shows a known key, and establishes whose it is and on what terms.
public struct APIKeys: Plugin, RequestPhase {
    public static let name = "api-keys"
    public static let summary =
        "Refuses requests without a known key, and establishes whose it is and on what terms."
    // It looks at the model too, but only where a plugin before it knows one: most read it from the
    // body and stand behind. Declared, that would be a warning of every sensible order.
    public static let writes: [any FactDeclaration] = [
        Facts.identity, Facts.tier, Facts.ownLimits, Facts.allowedModels,
    ]

    public struct Configuration: PluginConfiguration {
        @Setting("keys", "The keys, by their hashes.")
        public var keys = KeyList()

        @Setting("file", "A file of more keys, one a line.")
        public var file: String?

        @Setting(
            "header",
            "The only field in which a key is looked for; none means Authorization and x-api-key.")
        public var header: HeaderName?

        @Setting("forward", "Whether the upstream gets to see the client's key.")
        public var forward = false

        @Setting("anonymous", "Whether requests without a key go on, without an identity.")
        public var anonymous = false

        @Setting("anonymousTier", "The tier of requests without a key.")
        public var anonymousTier: KeyName?

        public init() {}

        public func validate() throws(ConfigurationError) {
            var errors: [ConfigurationError] = []
            // Where keys are not asked for, there may be none yet.
            if keys.keys.isEmpty, file == nil, !anonymous {
                errors.append(
                    ConfigurationError(
                        "no keys: expected some under \"keys\", or a \"file\" of them"))
            }
            if let header,
                let reason = UntouchableFields.ofRequests.reason(
                    against: .remove, of: header.string)
            {
                errors.append(
                    ConfigurationError(setting: "header", "\"\(header.string)\" \(reason)"))
            }
            if anonymousTier != nil, !anonymous {
                errors.append(
                    ConfigurationError(
                        setting: "anonymousTier",
                        "a tier of requests without a key needs \"anonymous\": true"))
            }
            if !errors.isEmpty { throw ConfigurationError(errors) }
        }
    }

    /// Longer ones are refused unread, so that nobody makes the proxy hash what he likes.
    static let longestKey = 4096

    private let keys: RememberedKeys
    private let fields: KeyFields
    private let setup: Setup
    private let refusals: KeyRefusals
    private let isForwarded: Bool
    private let allowsAnonymous: Bool
    private let anonymousTier: String?

    public var decidesBy: RequestParts? { .fields }

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        var records = configuration.keys.keys.enumerated().map { index, key in
            KeyRecord(digest: key.hash.digest, grant: key.grant, place: .element(index))
        }
        let file = configuration.file.map { KeyFile(path: $0, setting: "file") }
        if let file { records += try file.records(setup) }
        keys = RememberedKeys(try KeyTable(records, file: file))
        fields = KeyFields(configuration.header)
        self.setup = setup
        refusals = KeyRefusals(fields)
        isForwarded = configuration.forward
        allowsAnonymous = configuration.anonymous
        anonymousTier = configuration.anonymousTier?.text
    }

    /// Not before: a configuration that is refused must not leave its number behind.
    public func start() {
        setup.metrics.gauge(
            "api_keys_loaded", "Keys that are known, expired ones included.",
            labels: [("plugin", setup.label)]
        ) { [count = keys.count] in Double(count) }
    }

    public func request(_ exchange: Exchange) -> Decision {
        switch fields.key(in: exchange.request.headers) {
        case .missing:
            guard allowsAnonymous else { return refusals.missing }
            if let anonymousTier { exchange[Facts.tier] = anonymousTier }
            return .proceed
        case .otherScheme: return refusals.otherScheme
        case .ambiguous: return refusals.ambiguous
        case .key(let key):
            guard key.count <= Self.longestKey, let grant = key.withBytes({ keys.grant(of: $0) })
            else { return refusals.invalid }
            if grant.isExpired(by: setup.time) { return refusals.expired }
            return use(grant, exchange)
        }
    }

    private func use(_ grant: KeyGrant, _ exchange: Exchange) -> Decision {
        exchange[Facts.identity] = grant.identity
        exchange.establish(Facts.tier, grant.terms.tier)
        exchange.establish(Facts.ownLimits, grant.terms.limits)
        exchange.establish(Facts.allowedModels, grant.terms.models)
        // Only a key that is known is taken out: where a refusal is merely observed, the others may be
        // the upstream's.
        if !isForwarded { fields.remove(from: exchange.request.headers) }
        if let routes = grant.terms.routes, !routes.contains(exchange.route) {
            return refusals.route
        }
        if let models = grant.terms.models, let model = exchange[Facts.model],
            !models.contains(where: { $0.matches(model) })
        {
            return refusals.model
        }
        return .proceed
    }
}
