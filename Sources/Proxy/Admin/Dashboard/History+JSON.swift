import PluginAPI

extension History {
    /// All that is kept: `{"times":[…],"lengths":[…],"series":[{…,"values":[…]}]}`, from the oldest second
    /// on. A series in which nothing has happened has no values.
    func append(to text: JSONBuffer) {
        text.append("{\"times\":[")
        list(seconds, to: text) { text.appendNumber(Int(time(of: $0))) }
        text.append("],\"lengths\":[")
        list(seconds, to: text) { text.appendNumber(Int(length(of: $0))) }
        text.append("],\"series\":[")
        list(series, to: text) { series in
            text.append("{")
            appendDescription(of: series, to: text)
            text.append(",\"values\":[")
            if !series.isEmpty {
                list(seconds, to: text) { append(value(series, in: $0), to: text) }
            }
            text.append("]}")
        }
        text.append("]}")
    }

    /// What tells series apart, separated by commas.
    func appendDescriptions(of numbers: Range<Int>, to text: JSONBuffer) {
        list(series[numbers], to: text) { series in
            text.append("{")
            appendDescription(of: series, to: text)
            text.append("}")
        }
    }

    /// Seconds that are kept, separated by commas: `{"time":…,"length":…,"values":{"3":5}}`, with what has
    /// happened in them.
    func appendPoints(_ numbers: Range<Int>, to text: JSONBuffer) {
        list(numbers.clamped(to: seconds), to: text) { second in
            text.append("{\"time\":")
            text.appendNumber(Int(time(of: second)))
            text.append(",\"length\":")
            text.appendNumber(Int(length(of: second)))
            text.append(",\"values\":{")
            let present = series.filter { !$0.isEmpty(second % Self.capacity) }
            list(present, to: text) { series in
                text.append("\"")
                text.appendNumber(series.number)
                text.append("\":")
                append(value(series, in: second), to: text)
            }
            text.append("}}")
        }
    }

    private func appendDescription(of series: HistorySeries, to text: JSONBuffer) {
        text.append("\"number\":")
        text.appendNumber(series.number)
        text.append(",\"kind\":")
        text.appendString(series.kind.rawValue)
        text.append(",\"name\":")
        text.appendString(series.name)
        text.append(",\"labels\":{")
        list(series.labels, to: text) { name, value in
            text.appendString(name)
            text.append(":")
            text.appendString(value)
        }
        text.append("}")
    }

    private func append(_ value: Double, to text: JSONBuffer) {
        if value.isFinite, value == value.rounded(), abs(value) < 1e15 {
            text.appendNumber(Int(value))
        } else {
            text.appendVerbatim(value.isFinite ? value.description : "null")
        }
    }

    private func list<Elements: Sequence>(
        _ elements: Elements, to text: JSONBuffer, _ append: (Elements.Element) -> Void
    ) {
        var isFirst = true
        for element in elements {
            if !isFirst { text.append(",") }
            isFirst = false
            append(element)
        }
    }
}
