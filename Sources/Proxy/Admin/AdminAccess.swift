import PluginAPI

/// Who may ask the admin listener for what.
enum AdminAccess {
    /// Whether the request brings the token.
    static func holds(_ token: String, _ request: Request) -> Bool {
        guard let field = request.headers["authorization"]?.string else { return false }
        let scheme = "bearer "
        guard field.lowercased().hasPrefix(scheme) else { return false }
        return isEqual(String(field.dropFirst(scheme.count)), token)
    }

    /// Compares in a time that does not tell how far a guess fits.
    static func isEqual(_ given: String, _ token: String) -> Bool {
        let (given, wanted) = (SHA256(given).description, SHA256(token).description)
        return zip(given.utf8, wanted.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Whether a browser sent it on behalf of a page that did not come from here.
    static func isFromElsewhere(_ request: Request) -> Bool {
        guard let origin = request.headers["origin"]?.string else { return false }
        guard let host = request.headers["host"]?.string else { return true }
        return origin != "http://\(host)" && origin != "https://\(host)"
    }
}
