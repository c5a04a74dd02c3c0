import PluginAPI

/// Where the admin listener is: an address, or an object with an address and what it wants to be shown.
struct AdminSetting: SettingValue {
    let address: ListenAddress
    /// What stands for the address in the file.
    let source: ConfigurationValue
    let token: String?
    private let json: JSONValue

    static var settingType: SettingType {
        .either([ListenAddress.settingType, AdminSettings.settingType])
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard value.object != nil else {
            address = try ListenAddress(setting: value)
            source = value
            token = nil
            json = address.settingJSON
            return
        }
        let settings = try AdminSettings(setting: value)
        address = settings.address
        source = settings.$address ?? value
        token = settings.token
        json = settings.settingJSON
    }

    var settingJSON: JSONValue { json }
}

/// An admin listener with a token.
struct AdminSettings: SettingsObject {
    @Setting("address", "Where to listen.") var address: ListenAddress
    @Setting(
        "token",
        "What requests must bring as \"authorization: Bearer TOKEN\", except to /healthz and /readyz.",
        secret: true)
    var token: String?

    func validate() throws(ConfigurationError) {
        guard let token, token.utf8.count < 16 else { return }
        throw ConfigurationError(
            setting: "token", "expected at least 16 characters, found \(token.utf8.count)")
    }
}
