import PluginAPI

/// Writes metrics in the Prometheus text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    private static let prefix = "sluice_"

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text +=
            "# HELP \(Self.prefix)\(name) \(Self.escape(help, quotes: false))\n# TYPE \(Self.prefix)\(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: UInt64) {
        line(name, labels, String(value))
    }

    /// - Parameter decimals: how many powers of ten of the value make one.
    mutating func sample(
        _ name: String, _ labels: [(String, String)], _ value: UInt64, decimals: Int
    ) {
        line(name, labels, Self.decimal(value, decimals))
    }

    /// An exact decimal.
    /// - Parameter decimals: how many powers of ten of the value make one.
    static func decimal(_ value: UInt64, _ decimals: Int) -> String {
        let digits = String(value)
        guard decimals > 0 else { return digits }
        let padded =
            String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count)) + digits
        return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        line(name, labels, Self.number(value))
    }

    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    /// The buckets, sum and count of a histogram, in seconds.
    mutating func histogram(
        _ name: String, _ labels: [(String, String)], _ snapshot: HistogramSnapshot
    ) {
        var total: UInt64 = 0
        for (index, bound) in Histogram.bounds.enumerated() {
            total += snapshot.counts[index]
            line(name + "_bucket", labels + [("le", Self.seconds(bound))], String(total))
        }
        total += snapshot.counts[Histogram.bounds.count]
        line(name + "_bucket", labels + [("le", "+Inf")], String(total))
        line(name + "_sum", labels, String(Double(snapshot.sum) / 1e9))
        line(name + "_count", labels, String(total))
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += Self.prefix + name
        if !labels.isEmpty {
            text +=
                "{"
                + labels.map { "\($0)=\"\(Self.escape($1, quotes: true))\"" }.joined(separator: ",")
                + "}"
        }
        text += " \(value)\n"
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        String(Double(nanoseconds) / 1e9)
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        // By scalars: as characters, a quote with a combining mark is no quote, and CR LF no line feed.
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
