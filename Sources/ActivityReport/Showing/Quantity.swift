/// Numbers as people read them.
package enum Quantity {
    /// At most six characters from 100,000 on: `123k`, `1.23M`, `45.6G`; smaller ones in full.
    /// - Parameter count: not negative.
    package static func short(_ count: Int128) -> String {
        guard count >= 100_000 else { return String(count) }
        var value = Double(count)
        for unit in ["k", "M", "G", "T", "P", "E"] {
            value /= 1000
            if value < 999.5 { return digits(value) + unit }
        }
        return digits(value / 1000) + "Z"
    }

    /// `0.42ms`, `8.31ms`, `412ms`, `1.83s`, `12.3s`, `2m05s`, `1h02m`.
    package static func duration(_ microseconds: Int64) -> String {
        let milliseconds = Double(microseconds) / 1000
        if milliseconds < 999.5 { return digits(milliseconds) + "ms" }
        if milliseconds < 59_950 { return digits(milliseconds / 1000) + "s" }
        let seconds = (microseconds + 500_000) / 1_000_000
        if seconds < 3600 { return "\(seconds / 60)m\(padded(seconds % 60))s" }
        let minutes = (seconds + 30) / 60
        if minutes < 100 * 60 { return "\(minutes / 60)h\(padded(minutes % 60))m" }
        return "\((minutes + 30) / 60)h"
    }

    /// `12.3 %`
    package static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        let share = Double(part) * 100 / Double(whole)
        let tenths = Int((share * 10).rounded())
        // Something is not nothing, and not all is not everything.
        if tenths == 0 { return part == 0 ? "0 %" : "<0.1 %" }
        if tenths == 1000 { return part == whole ? "100 %" : ">99.9 %" }
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// Three digits that count, or all before the point.
    private static func digits(_ value: Double) -> String {
        let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        let scale = [1.0, 10, 100][decimals]
        let scaled = Int((value * scale).rounded())
        guard decimals > 0 else { return String(scaled) }
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int(scale))
        let text = String(fraction)
        return "\(whole).\(String(repeating: "0", count: decimals - text.count))\(text)"
    }

    private static func padded(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
