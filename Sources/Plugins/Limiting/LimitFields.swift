import PluginAPI

/// The fields in which limiters tell clients what is left: RateLimit and RateLimit-Policy
/// (draft-ietf-httpapi-ratelimit-headers-10) with an item for each window of each limiter, and the older
/// X-RateLimit-Limit, -Remaining and -Reset (in seconds) of the window that a client meets first.
enum LimitFields {
    /// The most bytes that an item has beside its name: two numbers and what stands around them.
    private static let itemBound = 64

    /// Writes them in place of the upstream's own.
    static func write(_ reports: ContiguousArray<LimitReport>, to response: Response) {
        let headers = response.headers
        headers.removeAll(named: isOurs)
        // A limiter that would have refused and did not is only observed: it has nothing to tell.
        let isRefused = response.source == .proxy && response.status == 429
        let refusing = isRefused ? reports.last?.name : nil
        reports.withUnsafeBufferPointer { reports in
            var first: Int?
            var bound = 0
            for index in reports.indices where isTold(reports[index], refusing) {
                bound += reports[index].name.bound + itemBound
                if first.map({ reports[index].isMet(before: reports[$0]) }) ?? true {
                    first = index
                }
            }
            guard let first else { return }
            headers.append("ratelimit-policy", atMost: bound) { memory in
                var text = FieldText(memory)
                for index in reports.indices where isTold(reports[index], refusing) {
                    if text.count > 0 { text.append(", ") }
                    reports[index].writePolicy(to: &text)
                }
                return text.count
            }
            headers.append("ratelimit", atMost: bound) { memory in
                var text = FieldText(memory)
                for index in reports.indices where isTold(reports[index], refusing) {
                    if text.count > 0 { text.append(", ") }
                    reports[index].writeLimit(to: &text)
                }
                return text.count
            }
            append("x-ratelimit-limit", reports[first].limit, to: headers)
            append("x-ratelimit-remaining", reports[first].left, to: headers)
            append("x-ratelimit-reset", reports[first].reset, to: headers)
        }
    }

    private static func isTold(_ report: LimitReport, _ refusing: LimitName?) -> Bool {
        !report.isRefused || report.name === refusing
    }

    private static func append(_ name: StaticString, _ number: Int, to headers: Headers) {
        headers.append(name, atMost: 20) { memory in
            var text = FieldText(memory)
            text.append(number)
            return text.count
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
    fileprivate func writePolicy(to text: inout FieldText) {
        writeName(to: &text)
        text.append(";q=")
        text.append(limit)
        if unit == .tokens { text.append(";qu=\"tokens\"") }
        text.append(";w=")
        text.append(period.seconds)
    }

    fileprivate func writeLimit(to text: inout FieldText) {
        writeName(to: &text)
        text.append(";r=")
        text.append(left)
        text.append(";t=")
        text.append(reset)
    }

    private func writeName(to text: inout FieldText) {
        text.append(isOneOfSeveral ? name.window(period) : name.whole)
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
