import PluginAPI

/// Where Redis is reached: `redis://[[user]:password@]host[:port][/database]`.
package struct RedisAddress: Sendable, Equatable {
    package let host: String
    package let port: UInt16
    package let user: String?
    package let password: String?
    package let database: Int
}

extension RedisAddress: SettingValue {
    package static var settingType: SettingType {
        .notation(
            "Redis URL", expected: #"a URL such as "redis://127.0.0.1:6379/0""#,
            pattern: "^redis://")
    }

    package init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = RedisAddress(text) else {
            let mayHoldPassword = value.string?.contains("@") == true
            throw ConfigurationError(
                at: mayHoldPassword ? value.hidden : value, expected: Self.settingType.expected)
        }
        self = read
    }

    private init?(_ text: String) {
        let scheme = "redis://"
        guard text.lowercased().hasPrefix(scheme) else { return nil }
        var authority = text.dropFirst(scheme.count)
        var database = 0
        if let slash = authority.firstIndex(of: "/") {
            let path = authority[authority.index(after: slash)...]
            authority = authority[..<slash]
            guard path.isEmpty || Int(path) != nil else { return nil }
            database = Int(path) ?? 0
        }
        guard (0...65535).contains(database) else { return nil }
        var credentials: [Substring] = []
        if let at = authority.lastIndex(of: "@") {
            credentials = authority[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            authority = authority[authority.index(after: at)...]
            guard credentials.count == 2 else { return nil }
        }
        guard let (host, port) = HostAndPort.split(authority, defaultPort: 6379),
            let user = credentials.first.map(PercentEncoding.decode) ?? .some(""),
            let password = credentials.last.map(PercentEncoding.decode) ?? .some("")
        else { return nil }
        self.host = host
        self.port = port
        self.user = user.isEmpty ? nil : user
        self.password = password.isEmpty ? nil : password
        self.database = database
    }

    /// Without the password.
    package var settingJSON: JSONValue {
        let credentials = password == nil ? "" : "\(user ?? ""):[redacted]@"
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return .string("redis://\(credentials)\(bracketed):\(port)/\(database)")
    }
}

/// RFC 3986 §2.1.
enum PercentEncoding {
    /// Nil when a `%` is not followed by two digits, or when the result is not UTF-8.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
