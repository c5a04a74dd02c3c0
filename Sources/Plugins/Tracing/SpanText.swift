import PluginAPI

/// One span in the form that OTLP gives it in JSON: identifiers in hexadecimal, enumerations as numbers,
/// numbers of 64 bits in strings.
struct SpanText {
    enum Kind: Int {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    private let text: JSONBuffer
    private var hasAttributes = false

    /// Begins the span.
    /// - Parameters:
    ///   - parent: nil for the first of a trace.
    ///   - parentIsRemote: whether it is another process's.
    init(
        in text: JSONBuffer, trace: (high: UInt64, low: UInt64), span: UInt64, parent: UInt64?,
        parentIsRemote: Bool = false
    ) {
        self.text = text
        text.append("{\"traceId\":\"")
        text.appendHexadecimal(trace.high)
        text.appendHexadecimal(trace.low)
        text.append("\",\"spanId\":\"")
        text.appendHexadecimal(span)
        if let parent {
            text.append("\",\"parentSpanId\":\"")
            text.appendHexadecimal(parent)
        }
        // Sampled (1), and it is known (256) whether the parent is remote (512).
        text.append(parentIsRemote ? "\",\"flags\":769" : "\",\"flags\":257")
    }

    func name(_ write: (JSONBuffer) -> Void) {
        text.append(",\"name\":\"")
        write(text)
        text.append("\"")
    }

    func kind(_ kind: Kind) {
        text.append(",\"kind\":")
        text.appendNumber(kind.rawValue)
    }

    /// - Parameters: both in nanoseconds since 1970.
    func times(_ start: Int64, _ end: Int64) {
        text.append(",\"startTimeUnixNano\":\"")
        text.appendNumber(Int(start))
        text.append("\",\"endTimeUnixNano\":\"")
        text.appendNumber(Int(max(start, end)))
        text.append("\"")
    }

    // MARK: Attributes

    mutating func attribute(_ key: StaticString, _ value: Int?) {
        guard let value else { return }
        begin(key, "intValue\":\"")
        text.appendNumber(value)
        text.append("\"}}")
    }

    mutating func attribute(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        begin(key, "stringValue\":")
        text.appendString(value)
        text.append("}}")
    }

    /// - Parameter write: writes what stands between the quotes.
    mutating func attribute(_ key: StaticString, _ write: (JSONBuffer) -> Void) {
        begin(key, "stringValue\":\"")
        write(text)
        text.append("\"}}")
    }

    mutating func attribute(_ key: StaticString, list: [String]) {
        guard !list.isEmpty else { return }
        begin(key, "arrayValue\":{\"values\":[")
        for (index, value) in list.enumerated() {
            text.append(index == 0 ? "{\"stringValue\":" : ",{\"stringValue\":")
            text.appendString(value)
            text.append("}")
        }
        text.append("]}}}")
    }

    private mutating func begin(_ key: StaticString, _ value: StaticString) {
        text.append(hasAttributes ? ",{\"key\":\"" : ",\"attributes\":[{\"key\":\"")
        hasAttributes = true
        text.append(key)
        text.append("\",\"value\":{\"")
        text.append(value)
    }

    // MARK: The end

    /// Ends the span, and the line.
    /// - Parameter error: what went wrong, for a person; empty where its attributes say it all. Nil when
    ///   nothing did.
    func end(error: String? = nil) {
        if hasAttributes { text.append("]") }
        if let error {
            text.append(",\"status\":{\"code\":2")
            if !error.isEmpty {
                text.append(",\"message\":")
                text.appendString(error)
            }
            text.append("}")
        }
        text.append("}\n")
    }
}

extension JSONBuffer {
    /// 16 digits.
    func appendHexadecimal(_ word: UInt64) {
        for place in 0..<16 { append(word.hexadecimalDigit(place)) }
    }
}
