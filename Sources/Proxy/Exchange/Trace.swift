import PluginAPI

/// What each hook of an exchange read, wrote and decided, for who asked to have it explained.
///
/// Only exchanges that are explained have one: it costs much more than the hooks themselves.
final class Trace {
    /// One hook's part.
    struct Part: Sendable {
        let plugin: String
        let phase: StaticString
        var decision = "proceed"
        var reason: String?
        var message: String?
        /// In nanoseconds.
        var duration: Int64 = 0
        /// The facts that it declares to read, as they were.
        var read: [(fact: String, value: String?)] = []
        /// The facts that it declares to write and has changed.
        var wrote: [(fact: String, value: String?)] = []
        /// Changes of the head: `+ x-request-id: …`, `- accept-encoding: gzip`.
        var fields: [String] = []
    }

    private(set) var parts: [Part] = []
    private var before = Snapshot()
    private var pending: Part?

    private struct Snapshot {
        var written: [String: String] = [:]
        var fields: [String] = []
    }

    // MARK: - Recording

    func begin(_ entry: Chain.Entry, _ phase: StaticString, _ exchange: Exchange) {
        let type = type(of: entry.plugin)
        var part = Part(plugin: entry.label, phase: phase)
        part.read = type.reads.map { ($0.name, exchange.describe($0.name)) }
        before.written = written(by: type, exchange)
        before.fields = Self.fields(exchange, phase)
        pending = part
    }

    func end(
        _ entry: Chain.Entry, _ exchange: Exchange, _ result: Result<Decision, any Error>? = nil,
        duration: Int64
    ) {
        guard var part = pending else { return }
        pending = nil
        part.duration = duration
        let after = written(by: type(of: entry.plugin), exchange)
        for fact in type(of: entry.plugin).writes.map(\.name)
        where after[fact] != before.written[fact]
            && !part.wrote.contains(where: { $0.fact == fact })
        {
            part.wrote.append((fact, after[fact]))
        }
        let fields = Self.fields(exchange, part.phase)
        part.fields =
            fields.filter { !before.fields.contains($0) }.map { "+ \($0)" }
            + before.fields.filter { !fields.contains($0) }.map { "- \($0)" }
        if let result { Self.describe(result, of: entry, &part) }
        parts.append(part)
    }

    /// A decision that became known only after the hook had run.
    func settle(_ entry: Chain.Entry, _ result: Result<Decision, any Error>) {
        guard let index = parts.lastIndex(where: { $0.plugin == entry.label }) else { return }
        Self.describe(result, of: entry, &parts[index])
    }

    private static func describe(
        _ result: Result<Decision, any Error>, of entry: Chain.Entry, _ part: inout Part
    ) {
        let isObserved = entry.mode == .observe
        switch result {
        case .success(.proceed): break
        case .success(.refuse(let refusal)):
            part.decision = isObserved ? "would refuse" : "refuse"
            part.reason = "\(refusal.status) \(refusal.reason)"
            part.message = refusal.message
        case .success(.answer(let answer)):
            part.decision = isObserved ? "would answer" : "answer"
            part.reason = "\(answer.status) \(answer.reason)"
        case .failure(let error):
            part.decision = "failed"
            part.reason = "\(error)"
        }
    }

    private func written(by type: any Plugin.Type, _ exchange: Exchange) -> [String: String] {
        var values: [String: String] = [:]
        for fact in type.writes { values[fact.name] = exchange.describe(fact.name) }
        return values
    }

    /// The fields of the head that the phase may change, without what nobody should read.
    private static func fields(_ exchange: Exchange, _ phase: StaticString) -> [String] {
        let headers =
            "\(phase)" == "request" ? exchange.request.headers : exchange.response.headers
        return headers.places.map { place in
            let name = headers.name(at: place).string
            let value =
                Secrecy.isSecret(field: name) ? "[redacted]" : headers.value(at: place).string
            return "\(name): \(value)"
        }
    }

    // MARK: - Showing

    /// The field that answers of explained exchanges carry, in the syntax of Server-Timing (W3C).
    var serverTiming: String {
        parts.map { part in
            let name = String(
                part.plugin.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
            let what = ([part.decision] + [part.reason].compactMap { $0 }).joined(separator: " ")
            let quoted = what.filter { $0 != "\"" && $0 != "\\" }
            return "\(name);dur=\(Self.milliseconds(part.duration));desc=\"\(quoted)\""
        }.joined(separator: ", ")
    }

    var json: JSONValue {
        .array(
            parts.map { part in
                [
                    "plugin": .string(part.plugin), "phase": .string("\(part.phase)"),
                    "decision": .string(part.decision),
                    "reason": part.reason.map { .string($0) } ?? .null,
                    "message": part.message.map { .string($0) } ?? .null,
                    "duration_us": .number("\(Double(part.duration) / 1000)"),
                    "read": Self.json(part.read), "wrote": Self.json(part.wrote),
                    "fields": .array(part.fields.map { .string($0) }),
                ]
            })
    }

    private static func json(_ facts: [(fact: String, value: String?)]) -> JSONValue {
        .object(facts.map { .init($0.fact, $0.value.map { .string($0) } ?? .null) })
    }

    private static func milliseconds(_ nanoseconds: Int64) -> String {
        let thousandths = nanoseconds / 1000
        let digits = String(thousandths % 1000)
        return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
    }
}
