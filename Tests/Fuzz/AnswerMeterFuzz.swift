// Feeds random bytes to the reader of answers, whole and cut: it must find the same, and what it passes
// on must be the same.

import PluginAPI

@testable import Plugins

private struct Passage: Equatable {
    var bytes: [UInt8] = []
    var usage: TokenUsage?
    var cost: Money?
    var model = ""
    var text = TextMeasure()
}

private func pass(
    _ message: [UInt8], cuts: [Int], _ reading: AnswerMeter.Reading, _ changes: AnswerMeter.Changes
) -> Passage {
    let meter = AnswerMeter()
    meter.begin(reading, changes)
    var passage = Passage()
    var start = 0
    for end in cuts.sorted() + [message.count] {
        let run = Array(message[start..<end])
        switch meter.read(run.span, isLast: false) {
        case .pass: passage.bytes += run
        case .replace(let other), .end(let other): passage.bytes += other
        }
        start = end
    }
    let nothing: [UInt8] = []
    if case .replace(let other) = meter.read(nothing.span, isLast: true) { passage.bytes += other }
    meter.end()
    passage.usage = meter.report.numbers.usage
    passage.cost = meter.report.numbers.cost
    passage.model = meter.report.model.string
    passage.text = meter.report.text
    return passage
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let reading: AnswerMeter.Reading = input.option & 1 == 0 ? .events : .plain
    var changes = AnswerMeter.Changes()
    changes.removesUsage = input.option & 2 != 0
    if input.option & 6 == 4 {
        changes.cost = { usage in Money(picodollars: Int64(usage.input ?? 1)) }
    }
    let whole = pass(input.message, cuts: [], reading, changes)
    for cuts in [input.cuts, input.singleBytes] {
        require(pass(input.message, cuts: cuts, reading, changes) == whole, "cut at \(cuts)")
    }
    if !changes.removesUsage, changes.cost == nil || reading == .plain {
        require(whole.bytes == input.message, "bytes were changed")
    }
    require((whole.usage?.input ?? 0) >= 0 && (whole.usage?.output ?? 0) >= 0, "negative tokens")

    // The same bytes as a request: what is sent is what came, but for the few bytes that ask.
    let report = RequestReport(input.message.span)
    if let request = UsageRequest(report, in: input.message.span) {
        let sent = request.applied(to: input.message.span)
        let again = RequestReport(sent.span)
        require(again.includeUsage?.isTrue == true, "it is asked for and not found")
        require(again.model.string == report.model.string, "another model")
    }
    return 0
}
