/// Whom an operator means by a network: `"loopback"`, `"private"`, `"unix"`, CIDR notation, one
/// address, or a file of these two, `"file:cidrs.txt"`.
///
///     @Setting("trusted", "Who is trusted.") public var trusted: [NetworkSource] = []
///
///     init(_ configuration: Configuration, _ setup: Setup) throws {
///         trusted = try NetworkSet(configuration.trusted, setting: "trusted", setup)
///     }
///
/// Files are read where the set is made, in the plugin's `init`, and so again at each reload.
public enum NetworkSource: Hashable, Sendable {
    /// 127.0.0.0/8 and ::1.
    case loopback
    /// Private and link-local addresses (RFC 1918, RFC 4193, RFC 3927, RFC 4291 §2.5.6).
    case `private`
    /// Peers on a unix socket, who have no address.
    case unix
    case network(Network)
    /// A path as written: one network or address a line, `#` begins a comment.
    case file(String)

    fileprivate static let words: [(name: String, source: NetworkSource)] = [
        ("loopback", .loopback), ("private", .private), ("unix", .unix),
    ]

    package static let loopbackNetworks = ["127.0.0.0/8", "::1"].compactMap { Network($0) }
    private static let privateNetworks = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10",
    ].compactMap { Network($0) }

    /// - Parameter setting: what stands for it in the configuration, which errors point to.
    package func networks(setting: String, _ setup: Setup) throws(ConfigurationError)
        -> [Network]
    {
        switch self {
        case .loopback: Self.loopbackNetworks
        case .private: Self.privateNetworks
        case .unix: []
        case .network(let network): [network]
        case .file(let path): try NetworkFile.read(path, setting: setting, setup)
        }
    }
}

extension NetworkSource: SettingValue {
    public static var settingType: SettingType {
        .notation(
            "network",
            expected:
                #"a network such as "10.0.0.0/8", "loopback", "private", "unix" or "file:cidrs.txt""#
        )
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        if let word = Self.words.first(where: { $0.name == text }) {
            self = word.source
        } else if text.hasPrefix("file:"), text != "file:" {
            self = .file(String(text.dropFirst("file:".count)))
        } else if let network = Network(text) {
            self = .network(network)
        } else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected, suggestion: Self.suggestion(text))
        }
    }

    public var settingJSON: JSONValue {
        switch self {
        case .network(let network): .string(network.description)
        case .file(let path): .string("file:" + path)
        case .loopback, .private, .unix:
            .string(Self.words.first { $0.source == self }?.name ?? "")
        }
    }

    private static func suggestion(_ text: String) -> String? {
        Network.suggestion(text) ?? Spelling.nearest(to: text, among: words.map(\.name))
            ?? (text.contains("/") || text.hasSuffix(".txt") ? "file:" + text : nil)
    }
}

extension NetworkSet {
    /// Reads what the sources name.
    /// - Parameter setting: the key of the list, which errors point to.
    /// - Throws: `ConfigurationError`: a file that cannot be read, or its lines that are wrong.
    public init(_ sources: [NetworkSource], setting: String, _ setup: Setup)
        throws(ConfigurationError)
    {
        var networks: [Network] = []
        var errors = ConfigurationError.Collector()
        for (index, source) in sources.enumerated() {
            errors.collect { () throws(ConfigurationError) in
                networks += try source.networks(setting: "\(setting)[\(index)]", setup)
            }
        }
        try errors.throwIfAny()
        self.init(networks, containsLocal: sources.contains(.unix))
    }
}
