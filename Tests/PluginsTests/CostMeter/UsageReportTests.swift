import PluginAPI
import Testing

@testable import Plugins

@Suite("What answers say of what they took")
struct UsageReportTests {
    @Test("there are sixty shapes of answers and more, each with a name of its own")
    func count() {
        #expect(AnswerShape.all.count >= 60)
        #expect(Set(AnswerShape.all.map(\.name)).count == AnswerShape.all.count)
    }

    @Test("is read exactly", arguments: AnswerShape.all)
    func whole(_ shape: AnswerShape) {
        #expect(shape.read(cutAt: []) == shape.expected)
    }

    @Test("is read exactly wherever it is cut", arguments: AnswerShape.all)
    func cutEverywhere(_ shape: AnswerShape) {
        let count = shape.body.utf8.count
        for cut in 0...count {
            let found = shape.read(cutAt: [cut])
            guard found == shape.expected else {
                Issue.record("cut at \(cut): \(found)")
                return
            }
        }
        #expect(shape.read(cutAt: Array(0...count)) == shape.expected)
    }

    @Test("is read exactly in random pieces", arguments: AnswerShape.all)
    func cutAtRandom(_ shape: AnswerShape) {
        var random = SplitMix64(seed: shape.body.utf8.count)
        for _ in 0..<40 {
            let cuts = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                Int.random(in: 0...shape.body.utf8.count, using: &random)
            }.sorted()
            #expect(shape.read(cutAt: cuts) == shape.expected, "cut at \(cuts)")
        }
    }

    @Test("the generated text is measured the same wherever it is cut", arguments: AnswerShape.all)
    func text(_ shape: AnswerShape) {
        let bytes = Array(shape.body.utf8)
        let whole = UsageReport.reading([bytes[...]], isStream: shape.isStream).text
        let single = bytes.indices.map { bytes[$0...$0] }
        #expect(UsageReport.reading(single, isStream: shape.isStream).text == whole)
    }

    @Test(
        "an answer whose length is known says the same in one run, and its text is measured where it tells no usage",
        arguments: AnswerShape.all.filter { !$0.isStream })
    func atOnce(_ shape: AnswerShape) {
        let bytes = Array(shape.body.utf8)
        let expected = UsageReport.reading([bytes[...]], isStream: false)
        let meter = AnswerMeter()
        meter.begin(.plain, length: bytes.count)
        _ = meter.read(bytes.span, isLast: true)
        meter.end()
        #expect(meter.report.numbers.usage == expected.numbers.usage)
        #expect(meter.report.finishReason.string == expected.finishReason.string)
        #expect(meter.report.text == (expected.isWhole ? TextMeasure() : expected.text))
    }
}
