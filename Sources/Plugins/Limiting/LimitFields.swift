import PluginAPI

/// The fields in which limiters tell clients what is left: RateLimit and RateLimit-Policy
/// (draft-ietf-httpapi-ratelimit-headers-10) with an item for each window of each limiter, and the older
/// X-RateLimit-Limit, -Remaining and -Reset (in seconds) of the window that a client meets first.
enum LimitFields {
    /// Writes them in place of the upstream's own.
    static func write(_ reports: ContiguousArray<LimitReport>, to response: Response) {
        let headers = response.headers
        headers.removeAll(named: isOurs)
        // A limiter that would have refused and did not is only observed: it has nothing to tell.
        let refusal = response.source == .proxy && response.status == 429 ? reports.last : nil
        func isTold(_ report: LimitReport) -> Bool {
            !report.isRefused || report.name === refusal?.name
        }
        let bound = reports.reduce(0) { $0 + $1.name.bytes.count + 64 }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bound) { memory in
            var text = FieldText(memory)
            var first: LimitReport?
            for report in reports where isTold(report) {
                if !text.isEmpty { text.append(", ") }
                report.writeName(to: &text)
                text.append(";q=")
                text.append(report.limit)
                if report.unit == .tokens { text.append(";qu=\"tokens\"") }
                text.append(";w=")
                text.append(report.period.seconds)
                if first.map({ report.isMet(before: $0) }) ?? true { first = report }
            }
            guard let first else { return }
            headers.append("ratelimit-policy", bytes: text.bytes)
            text.removeAll()
            for report in reports where isTold(report) {
                if !text.isEmpty { text.append(", ") }
                report.writeName(to: &text)
                text.append(";r=")
                text.append(report.left)
                text.append(";t=")
                text.append(report.reset)
            }
            headers.append("ratelimit", bytes: text.bytes)
            text.set(first.limit)
            headers.append("x-ratelimit-limit", bytes: text.bytes)
            text.set(first.left)
            headers.append("x-ratelimit-remaining", bytes: text.bytes)
            text.set(first.reset)
            headers.append("x-ratelimit-reset", bytes: text.bytes)
        }
    }

    private static func isOurs(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        func isName(_ text: StaticString) -> Bool {
            ASCII.equalsIgnoringCase(
                name, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
        return switch name.count {
        case 9: isName("ratelimit")
        case 16: isName("ratelimit-policy")
        case 17: isName("x-ratelimit-limit") || isName("x-ratelimit-reset")
        case 21: isName("x-ratelimit-remaining")
        default: false
        }
    }
}

extension LimitReport {
    /// `"ip-limiter"`, or with several windows `"ip-limiter/minute"`.
    fileprivate func writeName(to text: inout FieldText) {
        text.append(name.bytes)
        if isOneOfSeveral {
            text.append("/")
            text.append(period.word)
        }
        text.append("\"")
    }

    /// Whether a client meets this limit earlier than another: what refused it, then where fewest
    /// requests are left. Tokens cannot be compared with requests.
    fileprivate func isMet(before other: LimitReport) -> Bool {
        if (isRefused && isUsedUp) != (other.isRefused && other.isUsedUp) {
            return isRefused && isUsedUp
        }
        if isRefused && isUsedUp { return reset > other.reset }
        if unit != other.unit { return unit == .requests }
        return left < other.left
    }
}

extension FieldText {
    fileprivate mutating func set(_ number: Int) {
        removeAll()
        append(number)
    }
}

extension Rate.Period {
    var word: StaticString {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        }
    }

    var seconds: Int {
        switch self {
        case .second: 1
        case .minute: 60
        case .hour: 3600
        case .day: 86400
        }
    }
}
