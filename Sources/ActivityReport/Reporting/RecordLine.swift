import PluginAPI

/// One record in one short line.
package enum RecordLine {
    /// `2026-01-31T12:00:00.000Z 200 1.83s POST /v1/chat/completions route=chat …`
    package static func text(_ record: ActivityRecord, for terminal: Terminal) -> String {
        let outcome = RecordOutcome(record)
        let status = record.count(.status).map { String($0) } ?? "---"
        let duration = record.microseconds(.duration).map(Quantity.duration) ?? "-"
        let time = record.time.description
        var words = [
            time.prefix(23) + "Z", status,
            String(repeating: " ", count: max(0, 6 - duration.count)) + duration,
            text(record, .method) ?? "-", text(record, .path) ?? "-",
        ]
        func add(_ name: String, _ value: String?) {
            if let value { words.append("\(name)=\(value)") }
        }
        add("route", text(record, .route))
        add("model", text(record, .model))
        add("identity", text(record, .identity))
        add("client", text(record, .client))
        add("ttfb", record.microseconds(.timeToFirstByte).map(Quantity.duration))
        add("input", record.count(.input).map { String($0) })
        add("output", record.count(.output).map { String($0) })
        add("cost_usd", record.cost?.description)
        add("aborted", text(record, .aborted))
        for decision in record.decisions {
            let parts = [decision.plugin, decision.decision, decision.reason]
            words.append(
                "[" + parts.map { DisplayText.visible($0?.string ?? "-") }.joined(separator: " ")
                    + "]")
        }
        add("error", text(record, .error))
        // By which whoever complains, and the log, speak of it.
        if outcome != .answered { add("request_id", text(record, .requestID)) }
        let line = words.joined(separator: " ")
        let shown = terminal.isTerminal ? DisplayText.cut(line, to: terminal.width) : line
        return switch outcome {
        case .failed: terminal.styled(shown, .red)
        case .refused: terminal.styled(shown, .yellow)
        case .left: terminal.styled(shown, .dim)
        case .answered: shown
        }
    }

    private static func text(_ record: ActivityRecord, _ key: RecordTextKey) -> String? {
        record.text(key).map { DisplayText.visible($0.string) }
    }

    /// The record as it is in the log, on one line.
    package static func json(_ record: ActivityRecord) -> String {
        let line = String(decoding: record.line, as: UTF8.self)
        // On the admin listener's page a record may have line breaks, though never within a string.
        return line.contains { $0.isNewline }
            ? String(line.map { $0 == "\n" || $0 == "\r" || $0 == "\r\n" ? " " : $0 }) : line
    }
}
