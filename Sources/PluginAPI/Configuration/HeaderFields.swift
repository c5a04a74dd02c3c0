/// Header fields to be set on a message, in the order of the file: valid names and values, none that frames
/// the message.
public struct HeaderFields: SettingValue {
    public let fields: [(String, String)]

    public init(_ fields: [(String, String)]) { self.fields = fields }

    /// What tells where a message ends, or belongs to one connection, is the proxy's own to say.
    private static let reserved: Set<String> = [
        "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    public static var settingType: SettingType { .map(of: .string) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let members = value.object else {
            throw ConfigurationError(at: value, expected: "an object of header fields")
        }
        var read: [(String, String)] = []
        var names: Set<String> = []
        var errors = ConfigurationError.Collector()
        for member in members {
            let name = member.name.lowercased()
            if HeaderName(member.name) == nil {
                errors.add(
                    .atKey(member, "expected the name of a header field, found \(member.shownName)")
                )
            } else if Self.reserved.contains(name) {
                errors.add(
                    .atKey(
                        member,
                        "\(member.shownName) is set by the proxy itself and cannot be set here"))
            } else if !names.insert(name).inserted {
                errors.add(
                    .atKey(
                        member, "\(member.shownName) stands twice; names are the same in any case"))
            }
            errors.collect { () throws(ConfigurationError) in
                read.append((member.name, try Self.fieldValue(member.value)))
            }
        }
        try errors.throwIfAny()
        fields = read
    }

    /// RFC 9110 §5.5: no control characters, no white space at the ends.
    private static func fieldValue(_ value: ConfigurationValue) throws(ConfigurationError)
        -> String
    {
        let text = try String(setting: value)
        let bytes = text.utf8
        guard bytes.allSatisfy(ASCII.isFieldByte), ![0x20, 0x09].contains(bytes.first),
            ![0x20, 0x09].contains(bytes.last)
        else {
            throw ConfigurationError(
                at: value,
                expected:
                    "a header field's value, without line breaks, control characters and white space at its ends"
            )
        }
        return text
    }

    public var settingJSON: JSONValue {
        .object(fields.map { JSONValue.Member($0, .string($1)) })
    }
}

extension ConfigurationError {
    /// Points at a key rather than at its value.
    static func atKey(_ member: ConfigurationValue.Member, _ message: String) -> Self {
        Self([Issue(.at(member.value.path, member.namePosition), message)])
    }
}

extension ConfigurationValue.Member {
    /// The key as an error shows it.
    var shownName: String { JSONValue.string(name).abbreviated }
}
