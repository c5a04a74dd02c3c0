import PluginAPI
import Testing

@testable import Plugins

/// An answer as a provider gives it, and what it says of what it took.
struct AnswerShape: Sendable, CustomTestStringConvertible {
    let name: String
    let isStream: Bool
    let body: String
    /// Nil when it says nothing of it.
    let usage: TokenUsage?
    let model: String
    let finishReason: String
    let serviceTier: String
    /// What the provider itself says that it cost.
    let cost: String?

    var testDescription: String { name }

    static func plain(
        _ name: String, _ body: String, _ usage: TokenUsage?, model: String = "",
        finish: String = "", tier: String = "", cost: String? = nil
    ) -> AnswerShape {
        AnswerShape(
            name: name, isStream: false, body: body, usage: usage, model: model,
            finishReason: finish, serviceTier: tier, cost: cost)
    }

    /// - Parameter lines: each the data of an event; behind a `name|`, of an event of that name.
    static func stream(
        _ name: String, _ lines: [String], _ usage: TokenUsage?, model: String = "",
        finish: String = "", tier: String = "", cost: String? = nil, lineEnd: String = "\n"
    ) -> AnswerShape {
        AnswerShape(
            name: name, isStream: true, body: events(lines, lineEnd: lineEnd), usage: usage,
            model: model, finishReason: finish, serviceTier: tier, cost: cost)
    }

    static func events(_ lines: [String], lineEnd: String = "\n") -> String {
        lines.map { line in
            let parts = line.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].allSatisfy({ $0.isLetter || $0 == "_" || $0 == "." })
            else { return "data: \(line)\(lineEnd)\(lineEnd)" }
            return "event: \(parts[0])\(lineEnd)data: \(parts[1])\(lineEnd)\(lineEnd)"
        }.joined()
    }

    static let all = chats + streamedChats + responses + messages + others

    // MARK: - Reading

    /// What a report says after the answer has come in these pieces.
    func read(cutAt cuts: [Int]) -> Reading {
        let bytes = Array(body.utf8)
        let report = UsageReport.reading(
            (cuts + [bytes.count]).reduce(into: (pieces: [ArraySlice<UInt8>](), start: 0)) {
                $0.pieces.append(bytes[$0.start..<$1])
                $0.start = $1
            }.pieces, isStream: isStream)
        return Reading(report)
    }

    var expected: Reading {
        Reading(
            usage: usage, model: model, finishReason: finishReason,
            serviceTier: ServiceTier(reported: serviceTier),
            cost: cost)
    }

    struct Reading: Equatable, Sendable {
        var usage: TokenUsage?
        var model: String
        var finishReason: String
        var serviceTier: ServiceTier?
        var cost: String?
    }
}

extension AnswerShape.Reading {
    init(_ report: UsageReport) {
        self.init(
            usage: report.numbers.usage, model: report.model.string,
            finishReason: report.finishReason.string, serviceTier: report.serviceTier,
            cost: report.numbers.cost?.description)
    }
}

extension UsageReport {
    static func reading(_ pieces: some Sequence<ArraySlice<UInt8>>, isStream: Bool) -> UsageReport {
        var report = UsageReport()
        var events = EventStreamScanner<UsageReport>(AnswerPaths.all)
        var json = JSONScanner<UsageReport>(AnswerPaths.all, stopsAtLineEnds: false)
        for piece in pieces {
            // Memory of its own, so that reading past its end is found.
            Array(piece).withUnsafeBufferPointer { bytes in
                guard var here = bytes.baseAddress else { return }
                let end = here + bytes.count
                while here < end {
                    here =
                        isStream
                        ? events.scan(here, end, into: &report)
                        : json.scan(here, end, into: &report)
                }
            }
        }
        report.end(isBroken: (isStream ? events.json.state : json.state) == .broken)
        return report
    }

    static func reading(_ text: String, isStream: Bool = false) -> UsageReport {
        reading([Array(text.utf8)[...]], isStream: isStream)
    }
}
