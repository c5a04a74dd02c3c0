import PluginAPI

/// What clients are told. None of it repeats what they sent.
struct KeyRefusals: Sendable {
    let missing: Decision
    let otherScheme = unauthorized(
        "invalid_key", "The Authorization field has no bearer key; send Authorization: Bearer KEY.")
    let ambiguous = unauthorized("invalid_key", "More than one API key was sent; send one.")
    let invalid = unauthorized("invalid_key", "The API key is not valid.")
    let expired = unauthorized("key_expired", "The API key has expired.")
    let route = Decision.refuse(
        403, reason: "route_not_allowed", message: "The API key is not for this route.")
    let model = Decision.refuse(
        403, reason: "model_not_allowed", message: "The API key is not for this model.")

    init(_ fields: KeyFields) {
        // RFC 6750 §3.1: who showed nothing is told of no error.
        missing = .refuse(
            401, reason: "missing_key",
            message: "No API key was sent; send it \(fields.instruction).",
            headers: [("www-authenticate", #"Bearer realm="sluice""#)])
    }

    /// A challenge is due with every 401 (RFC 9110 §15.5.2), and a key in a field of its own has no
    /// scheme that could be named.
    private static func unauthorized(_ reason: String, _ message: String) -> Decision {
        .refuse(
            401, reason: reason, message: message,
            headers: [("www-authenticate", #"Bearer realm="sluice", error="invalid_token""#)])
    }
}
