import PluginAPI
import Testing

@testable import Plugins

@Suite("The velocity record's script")
struct VelocityScriptTests {
    /// What is asked of both, and what the Swift of it makes of it.
    private struct Case {
        let arguments: [String]
        let expected: [[Double]]
    }

    private static let wrapper = """

        local function parse(text)
            local words = {}
            for word in string.gmatch(text, '[^,]+') do words[#words + 1] = tonumber(word) end
            return words
        end
        local function show(words)
            local texts = {}
            for index = 1, #words do texts[index] = string.format('%.17g', words[index]) end
            return table.concat(texts, ',')
        end
        local record = parse(ARGV[1])
        local applied, lifetime, words = run(record, parse(ARGV[2]), tonumber(ARGV[3]))
        local after = show(record)
        merge(record, parse(ARGV[4]))
        return show({ applied, lifetime }) .. ';' .. show(words) .. ';' .. after .. ';' .. show(record)
        """

    @Test("in a real Redis it computes the same as the Swift of it, to the last bit")
    func same() throws {
        var random = SplitMix64(state: 11)
        let cases = (0..<25).flatMap { _ in Self.cases(&random) }
        let answers = try RedisScripting.run(
            VelocityProgram().script + Self.wrapper, cases.map(\.arguments))
        #expect(answers.count == cases.count)
        for (index, answer) in answers.enumerated() {
            let lists = answer.split(separator: ";").map {
                $0.split(separator: ",").map { Double($0) }
            }
            try #require(lists == cases[index].expected, "step \(index): \(answer)")
        }
    }

    /// An outage's worth of steps, with starts and ends of every kind among them.
    private static func cases(_ random: inout SplitMix64) -> [Case] {
        let program = VelocityProgram()
        let rules = VelocityArguments.Rules(
            threshold: [0.07, 0.25, 0.333].randomElement(using: &random)!,
            recoverBelow: [0, 0.05, 0.031].randomElement(using: &random)!,
            minimumRequests: [1, 7, 30].randomElement(using: &random)!,
            window: [1, 7, 12, 60].randomElement(using: &random)! * 1e6,
            cooldown: [5, 33].randomElement(using: &random)! * 1e6, handOver: 1e6)
        var words = [Double](repeating: 0, count: program.recordSize)
        var earlier = words
        var now = 1_767_225_600e6 + Double(Int.random(in: 0..<60_000_000, using: &random))
        return (0..<100).map { step in
            now += Double(Int.random(in: 1..<2_000_000, using: &random))
            var counts = VelocityCounts()
            counts[.success] = Double(Int.random(in: 0..<8, using: &random))
            for verdict in UpstreamVerdict.allCases.dropFirst() where step / 25 % 2 == 1 {
                counts[verdict] = Double(Int.random(in: 0..<2, using: &random))
            }
            let arguments = VelocityArguments(counts: counts, rules: rules).words
            let before = words
            var record = words.mutableSpan
            let result = program.run(&record, arguments, now: now)
            var merged = words
            var mergedRecord = merged.mutableSpan
            program.merge(&mergedRecord, earlier.span)
            let asked = Case(
                arguments: [
                    text(before), text(list(arguments)), text([now]), text(earlier),
                ],
                expected: [
                    [result.isApplied ? 1 : 0, result.lifetime], list(result.words), words, merged,
                ])
            if step % 17 == 0 { earlier = words }
            return asked
        }
    }

    private static func list(_ words: StateWords) -> [Double] {
        (0..<words.count).map { words[$0] }
    }

    private static func text(_ words: [Double]) -> String {
        words.map(\.description).joined(separator: ",")
    }
}
