import PluginAPI

/// An explanation as a person reads it.
enum ExplanationText {
    static func lines(_ result: DryRunResult, _ request: DryRun.Request) -> [String] {
        let route = result.route.isEmpty ? "no route" : "route \"\(result.route)\""
        var lines = ["\(request.method) \(request.target): \(route)"]
        for part in result.parts where part.tells {
            lines.append("")
            lines += describe(part)
        }
        lines.append("")
        if let forwarded = result.forwarded {
            lines.append("would go to the upstream \"\(forwarded.upstream)\" as")
            lines += forwarded.head.map { "    \($0)" }
        } else {
            lines.append("would be answered here:")
            lines += answer(result.answer).map { "    \($0)" }
        }
        return lines
    }

    private static func describe(_ part: Trace.Part) -> [String] {
        let decision = part.isDecision ? part.decision : part.phase.description
        let what = ([decision] + [part.reason].compactMap(\.self)).joined(separator: " ")
        var lines = ["\(part.plugin): \(what) (\(Double(part.duration) / 1000) µs)"]
        if let message = part.message { lines.append("    why    \(message)") }
        for (fact, value) in part.read {
            if let value { lines.append("    read   \(fact) = \(value)") }
        }
        let unknown = part.read.filter { $0.value == nil }.map(\.fact)
        if part.isDecision, !unknown.isEmpty {
            lines.append("    unknown \(unknown.joined(separator: ", "))")
        }
        lines += part.wrote.map { fact, value in "    wrote  \(fact) = \(value ?? "nothing")" }
        lines += part.fields.map { "    field  \($0)" }
        return lines
    }

    private static func answer(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).map(String.init)
    }
}

extension Trace.Part {
    fileprivate var isDecision: Bool { phase.description == "request" }

    /// Whether there is something to tell of it: on the way back most hooks only look on.
    fileprivate var tells: Bool {
        isDecision || decision != "proceed" || !wrote.isEmpty || !fields.isEmpty
    }
}
