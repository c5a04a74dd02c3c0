extension WallTime {
    /// Reads a `date-time` (RFC 3339 §5.6) with any offset and any fraction of a second, of which
    /// microseconds are kept: `2026-12-31T23:59:59+01:00`. Nil when it is anything else.
    public init?(rfc3339 text: some StringProtocol) {
        var rest = Array(text.utf8)[...]

        func number(_ digits: Int) -> Int? {
            let read = rest.prefix(digits)
            rest = rest.dropFirst(digits)
            return read.count == digits ? read.withUnsafeBufferPointer { ASCII.decimal($0) } : nil
        }
        func skip(_ character: Unicode.Scalar) -> Bool {
            rest.popFirst().map(ASCII.lowercased) == UInt8(ascii: character)
        }

        guard let year = number(4), skip("-"), let month = number(2), skip("-"),
            let day = number(2), skip("t"), let hour = number(2), skip(":"),
            let minute = number(2), skip(":"), let second = number(2),
            let date = CivilDate(year: year, month: month, day: day),
            // 60 is a leap second, which ends where the next minute begins.
            hour < 24, minute < 60, second <= 60
        else { return nil }

        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 &- 0x30 < 10 }
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(1 + digits.count)
            let kept = Array(digits.prefix(6)) + Array(repeating: 0x30, count: 6)
            fraction = kept.prefix(6).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        var offset = 0
        switch rest.popFirst() {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): break
        case let sign? where sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"):
            guard let hours = number(2), skip(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
        default: return nil
        }
        guard rest.isEmpty else { return nil }

        let seconds = date.daysSinceEpoch * 86400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(fraction))
    }
}
