import PluginAPI

/// Writes what is known of a completed exchange as one line of JSON.
struct ActivityRecord: Sendable {
    /// The request's fields to include.
    private let fields: [IncludedField]
    private let bodies: RecordedBodies?

    init(headers: [HeaderName], bodies: RecordedBodies? = nil) {
        fields = headers.map(IncludedField.init)
        self.bodies = bodies
    }

    /// Every key is there in every record, in this order; what has no value is null.
    func write(_ exchange: Exchange, to line: JSONBuffer) {
        line.append("{")
        ExchangeRecord.append(exchange, to: line)
        if !fields.isEmpty { appendFields(of: exchange.request.headers, to: line) }
        bodies?.append(exchange, to: line)
        line.append("}\n")
    }

    private func appendFields(of headers: Headers, to line: JSONBuffer) {
        line.append(",\"headers\":{")
        for (index, field) in fields.enumerated() {
            if index > 0 { line.append(",") }
            field.append(headers, to: line)
        }
        line.append("}")
    }

    /// When the exchange of a written line began; nil for what is no such line.
    static func time(ofLine line: [UInt8]) -> WallTime? {
        let start = "{\"time\":\"".utf8
        guard line.starts(with: start), line.count >= start.count + 27 else { return nil }
        return line[start.count..<start.count + 27].withUnsafeBufferPointer { WallTime($0) }
    }
}
