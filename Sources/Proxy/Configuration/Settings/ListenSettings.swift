import PluginAPI

/// `listen`: an address, an object with an address, or a list of those.
struct ListenSetting: SettingValue {
    /// With the place of each in the file.
    let listeners: [(listener: ListenerConfiguration, source: ConfigurationValue)]

    static var settingType: SettingType {
        let one = SettingType.either([ListenAddress.settingType, ListenerSettings.settingType])
        return .either(
            [one, .list(of: one)],
            expected: #"an address such as "127.0.0.1:8080", or a list of them"#)
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let elements = value.array else {
            listeners = [(try Self.listener(value), value)]
            return
        }
        guard !elements.isEmpty else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        var read: [(ListenerConfiguration, ConfigurationValue)] = []
        var errors = ConfigurationError.Collector()
        for element in elements {
            errors.collect { () throws(ConfigurationError) in
                read.append((try Self.listener(element), element))
            }
        }
        try errors.throwIfAny()
        listeners = read
    }

    private static func listener(_ value: ConfigurationValue) throws(ConfigurationError)
        -> ListenerConfiguration
    {
        guard value.object != nil else {
            return ListenerConfiguration(
                address: try ListenAddress(setting: value), proxyProtocol: [])
        }
        let settings = try ListenerSettings(setting: value)
        return ListenerConfiguration(
            address: settings.address, proxyProtocol: settings.proxyProtocol)
    }

    var settingJSON: JSONValue {
        .array(
            listeners.map { listener, _ in
                listener.proxyProtocol.isEmpty
                    ? listener.address.settingJSON
                    : [
                        "address": listener.address.settingJSON,
                        "proxyProtocol": listener.proxyProtocol.settingJSON,
                    ]
            })
    }
}

struct ListenerSettings: SettingsObject {
    @Setting("address", "Where to listen.") var address: ListenAddress
    @Setting(
        "proxyProtocol",
        "Peers whose connections begin with a PROXY protocol header, version 1 or 2.")
    var proxyProtocol: [Network] = []
}

extension ListenAddress: SettingValue {
    package static var settingType: SettingType {
        .notation(
            "address",
            expected: #"an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path""#,
            pattern: "^(.+:[0-9]+|unix:/.+)$")
    }

    package init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        if let path = UnixPath.read(text) {
            self = .unix(path: try UnixPath.checked(path, value))
            return
        }
        guard let (host, port) = HostAndPort.split(text, defaultPort: nil),
            let address = host == "localhost" ? IPAddress("127.0.0.1") : IPAddress(host)
        else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected, suggestion: Self.suggestion(text))
        }
        self = .tcp(host: host, address, port: port)
    }

    package var settingJSON: JSONValue { .string(description) }

    /// `:8080`, `*:8080` and `8080`, which other servers read as every address of this machine.
    private static func suggestion(_ text: String) -> String? {
        let port = text.hasPrefix("*:") ? text.dropFirst(2) : text.drop { $0 == ":" }
        return UInt16(port).map { "0.0.0.0:\($0)" }
    }
}

/// `unix:/run/sluice.sock`
enum UnixPath {
    /// What follows `unix:`; nil when the text does not begin so.
    static func read(_ text: String) -> String? {
        text.hasPrefix("unix:") ? String(text.dropFirst(5)) : nil
    }

    static func checked(_ path: String, _ value: ConfigurationValue) throws(ConfigurationError)
        -> String
    {
        // sun_path holds 108 bytes, the last of which is zero.
        guard path.hasPrefix("/"), path.utf8.count < 108 else {
            throw ConfigurationError(
                at: value, expected: #"an absolute path of at most 107 bytes after "unix:""#)
        }
        return path
    }
}
