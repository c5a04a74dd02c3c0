import PluginAPI

/// Which bodies records include.
public struct BodySettings: SettingsObject {
    @Setting("request", "Whether a record includes the request's body.")
    public var request = false

    @Setting("response", "Whether a record includes the answer's body, as the client gets it.")
    public var response = false

    @Setting(
        "limit", "How much of each body a record includes, from its beginning.",
        in: ByteSize(bytes: 1)...ByteSize.mebibytes(1))
    public var limit = ByteSize.kibibytes(16)

    @Setting(
        "redact",
        "Names of JSON members, in any case, whose strings a record does not show.")
    public var redact = [
        "api_key", "apikey", "api-key", "password", "passwd", "secret", "client_secret",
        "authorization", "token", "access_token", "refresh_token", "id_token", "private_key",
    ]

    public init() {}

    public func validate() throws(ConfigurationError) {
        guard !request, !response else { return }
        for (key, source) in [("limit", $limit), ("redact", $redact)] where source != nil {
            throw ConfigurationError(
                setting: key,
                "\(key) does nothing without \"request\": true or \"response\": true")
        }
    }
}
