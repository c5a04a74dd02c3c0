import PluginAPI

/// What a key gives to whoever shows it.
///
/// A class, so that looking one up retains one reference and not each of its parts.
final class KeyGrant: Sendable {
    let identity: String
    let terms: KeyTerms

    init(identity: String, terms: KeyTerms) {
        self.identity = identity
        self.terms = terms
    }

    func isExpired(by time: any TimeSource) -> Bool {
        guard let expires = terms.expires else { return false }
        return time.wall >= expires
    }
}

/// On what terms a key is given; what is nil is not restricted.
struct KeyTerms: Sendable {
    var tier: String?
    var limits: [Rate]?
    var models: [Glob]?
    /// Names of routes.
    var routes: [String]?
    /// The first moment at which the key is not valid any more.
    var expires: WallTime?
}
