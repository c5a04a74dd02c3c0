import PluginAPI

/// Which requests who asks wants to see: `?status=429&plugin=ip-limiter&limit=20`.
struct RequestFilter {
    private(set) var limit = RequestLog.capacity
    private var wanted: [(key: String, value: String)] = []

    struct Problem: Error {
        let description: String
    }

    static let keys = [
        "request_id", "route", "client", "identity", "method", "path", "status", "upstream",
        "plugin", "decision", "reason", "aborted", "limit",
    ]

    init(query: String) throws(Problem) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "") else {
                throw Problem(
                    description: "\(key): expected percent-encoded text, found \"\(parts[1])\"")
            }
            guard Self.keys.contains(key) else {
                throw Problem(
                    description: String.unknown("filter", key, known: Self.keys))
            }
            if key == "limit" {
                guard let number = Int(value), number > 0 else {
                    throw Problem(
                        description: "limit: expected a whole number above 0, found \"\(value)\"")
                }
                limit = number
            } else {
                wanted.append((key, value))
            }
        }
    }

    /// Every key that is given must fit; of one that is given several times, one of them.
    func matches(_ request: SeenRequest) -> Bool {
        for key in Set(wanted.map(\.key)) {
            let values = wanted.filter { $0.key == key }.map(\.value)
            guard
                request.values(of: key).contains(where: { value in
                    values.contains { Self.fits(value, $0, key) }
                })
            else { return false }
        }
        return true
    }

    /// `4xx` stands for a class of statuses, and a `*` at the end of a path for what may follow.
    private static func fits(_ value: String, _ wanted: String, _ key: String) -> Bool {
        if key == "status", wanted.hasSuffix("xx") { return value.first == wanted.first }
        if key == "path", wanted.hasSuffix("*") { return value.hasPrefix(wanted.dropLast()) }
        return value == wanted
    }
}
