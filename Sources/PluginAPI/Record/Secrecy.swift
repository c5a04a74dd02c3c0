/// Which values must not be shown, whoever asks.
package enum Secrecy {
    private static let fields: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth", "authentication",
    ]
    private static let endings = ["api-key", "apikey", "-token", "-secret", "-password"]

    /// Whether a header field of that name, in any case, carries a secret.
    package static func isSecret(field name: String) -> Bool {
        let name = name.lowercased()
        return fields.contains(name) || endings.contains(where: name.hasSuffix)
    }
}
