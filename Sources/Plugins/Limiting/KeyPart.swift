import PluginAPI

/// Something by which limiters and budgets tell clients apart.
package enum KeyPart: Sendable {
    case identity
    case tier
    case route
    case upstream
    case model
    /// The client's address, IPv6 by /64.
    case address
    case method
    case header(HeaderName)
    /// One limit for all together.
    case everyone

    private static let words: [(name: String, part: KeyPart)] = [
        ("identity", .identity), ("tier", .tier), ("route", .route), ("upstream", .upstream),
        ("model", .model), ("address", .address), ("method", .method), ("everyone", .everyone),
    ]
    private static let headerPrefix = "header:"

    /// As it stands in the configuration.
    var name: String {
        switch self {
        case .identity: "identity"
        case .tier: "tier"
        case .route: "route"
        case .upstream: "upstream"
        case .model: "model"
        case .address: "address"
        case .method: "method"
        case .header(let name): Self.headerPrefix + name.string.lowercased()
        case .everyone: "everyone"
        }
    }

    /// What it is for an exchange; nil when it has none.
    func value(of exchange: Exchange) -> String? {
        switch self {
        case .identity: exchange[Facts.identity]
        case .tier: exchange[Facts.tier]
        case .route: exchange.route
        case .upstream: exchange.upstream
        case .model: exchange[Facts.model]
        case .address: exchange.clientAddress.map { Network(ofClient: $0).description }
        case .method: exchange.request.methodName
        case .header(let name): exchange.request.headers[name]?.string
        case .everyone: "*"
        }
    }
}

extension KeyPart: SettingValue {
    package static var settingType: SettingType {
        .notation(
            "key part",
            expected: words.map { "\"\($0.name)\"" }.joined(separator: ", ")
                + " or \"header:NAME\"",
            pattern: "^(\(words.map(\.name).joined(separator: "|"))|header:[!-~]+)$")
    }

    package init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        if let word = Self.words.first(where: { $0.name == text }) {
            self = word.part
        } else if text.hasPrefix(Self.headerPrefix),
            let name = HeaderName(String(text.dropFirst(Self.headerPrefix.count)))
        {
            self = .header(name)
        } else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected, suggestion: Self.suggestion(text))
        }
    }

    package var settingJSON: JSONValue { .string(name) }

    private static func suggestion(_ text: String) -> String? {
        Spelling.nearest(to: text, among: words.map(\.name) + [headerPrefix + "NAME"])
    }
}
