import PluginAPI
import Proxy

/// A moment as it is written on the command line.
package enum TimeArgument {
    /// Reads a moment in UTC or with an offset (`2026-01-31`, `2026-01-31T12:00Z`,
    /// `2026-01-31T12:00:30+01:00`) or how long ago it was (`90s`, `2h`, `7d`).
    /// - Throws: `CommandLineError` that tells what was found and what was expected.
    package static func moment(
        _ text: String, option: String, now: WallTime
    ) throws(CommandLineError) -> WallTime {
        if let ago = duration(text) { return WallTime(microseconds: now.microseconds - ago) }
        for candidate in completions(of: text) {
            if let time = WallTime(rfc3339: candidate) { return time }
        }
        let nearest = suggestion(text, now)
        throw CommandLineError(
            "\(option): expected a time such as 2026-01-31T12:00Z or how long ago such as 2h,"
                + " found \(Quoted(text))" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }

    /// Microseconds of `250ms`, `90s`, `5m`, `2h`, `7d`; nil for anything else.
    package static func duration(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), let unit = units[String(text.dropFirst(digits.count))],
            // A thousand years, so that no sum overflows.
            count <= 31_557_600_000_000_000 / unit
        else { return nil }
        return count * unit
    }

    private static let units: [String: Int64] = [
        "ms": 1000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000,
    ]

    /// What RFC 3339 writes, with what may be left out put in.
    private static func completions(of text: String) -> [String] {
        if text.count == 10 { return [text + "T00:00:00Z"] }
        // Seconds stand behind the minutes and before the offset.
        guard text.count > 16 else { return [] }
        let minutes = text.index(text.startIndex, offsetBy: 16)
        return [text, text[..<minutes] + ":00" + text[minutes...]]
    }

    /// `2 hours` and `2026-01-31 12:00` as they are to be written.
    private static func suggestion(_ text: String, _ now: WallTime) -> String? {
        let compact = text.lowercased().filter { $0 != " " }
        let digits = compact.prefix { $0.isASCII && $0.isNumber }
        let word = compact.dropFirst(digits.count)
        if !digits.isEmpty, let unit = word.first,
            ["sec", "second", "min", "minute", "hr", "hour", "day", "h", "d", "m", "s"].contains(
                word.hasSuffix("s") && word.count > 1 ? String(word.dropLast()) : String(word))
        {
            let meant = "\(digits)\(unit)"
            return duration(meant) == nil ? nil : meant
        }
        let joined = text.replacing(" ", with: "T")
        return [joined, joined + "Z"].first { candidate in
            completions(of: candidate).contains { WallTime(rfc3339: $0) != nil }
        }
    }
}
