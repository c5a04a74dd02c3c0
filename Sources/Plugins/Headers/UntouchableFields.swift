/// Fields that rules may not change, because the proxy answers for them.
struct UntouchableFields {
    enum Change {
        case remove, set, add
    }

    private let reasons: [String: String]
    private let mustStandOnce: Set<String>

    /// Why a change of a field is refused, to be read after its name; nil when it may be made.
    func reason(against change: Change, of name: String) -> String? {
        let name = name.lowercased()
        if let reason = reasons[name] { return reason }
        if change != .set, mustStandOnce.contains(name) {
            return "may only be set: a request has exactly one"
        }
        return nil
    }

    static let ofRequests = UntouchableFields(
        reasons: connectionReasons.merging(
            ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"].map {
                ($0, "is written by the proxy itself, from what trusted-proxy establishes")
            }, uniquingKeysWith: { first, _ in first }),
        mustStandOnce: ["host"])

    static let ofAnswers = UntouchableFields(reasons: connectionReasons, mustStandOnce: [])

    private static let connectionReasons: [String: String] = {
        var reasons: [String: String] = [:]
        for name in ["content-length", "transfer-encoding"] {
            reasons[name] = "frames the body and is written by the proxy itself"
        }
        for name in ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"] {
            reasons[name] = "concerns one connection and is written by the proxy itself"
        }
        return reasons
    }()
}
