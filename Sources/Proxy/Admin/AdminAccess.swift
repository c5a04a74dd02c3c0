import PluginAPI

/// Who may ask the admin listener for what.
enum AdminAccess {
    /// Whether the request brings the token. What it compares does not tell by its time how far it fits.
    static func holds(_ token: String, _ request: Request) -> Bool {
        guard let field = request.headers["authorization"]?.string else { return false }
        let scheme = "bearer "
        guard field.lowercased().hasPrefix(scheme) else { return false }
        let given = SHA256(String(field.dropFirst(scheme.count))).description
        let wanted = SHA256(token).description
        return zip(given.utf8, wanted.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Whether a browser sent it on behalf of a page that did not come from here.
    static func isFromElsewhere(_ request: Request) -> Bool {
        guard let origin = request.headers["origin"]?.string else { return false }
        guard let host = request.headers["host"]?.string else { return true }
        return origin != "http://\(host)" && origin != "https://\(host)"
    }
}
