import PluginAPI
import PluginTesting
import Testing

@testable import ActivityReport
@testable import Replay

@Suite("Requests are replayed in the order in which they came")
struct RequestOrderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The identifiers in the order of the replay, and how many came late.
    private func order(_ logs: [[Recorded]], lookahead: Int) throws -> (ids: [String], late: Int) {
        let reader = RequestReader(now: WallTime(microseconds: 0))
        let opened = try logs.enumerated().map { number, records in
            try folder.write(records.lines.joined(separator: "\n"), to: "\(number).jsonl")
            return RequestLog([try ActivityFile(folder.path("\(number).jsonl"))], reader)
        }
        let requests = RequestOrder(opened, reader, lookahead: lookahead)
        var ids: [String] = []
        while let request = try requests.next() { ids.append(request.record?.requestID ?? "") }
        #expect(reader.skipped.count == 0)
        return (ids, requests.late)
    }

    @Test("whatever the log and the order of their ends", arguments: 0..<20)
    func random(seed: Int) throws {
        var random = SplitMix64(seed: seed)
        let records = (0..<500).map { number in
            Recorded(
                id: "\(number)", time: Int64(number),
                duration: Int64.random(in: 0...100, using: &random))
        }
        var logs = [[Recorded]](repeating: [], count: 3)
        for record in records { logs[Int.random(in: 0..<3, using: &random)].append(record) }
        let found = try order(logs, lookahead: 101)
        #expect(found.ids == records.map(\.id))
        #expect(found.late == 0)
    }

    @Test("and one that lasted longer than is looked ahead comes late, and is counted")
    func late() throws {
        let short = (0..<10).map { Recorded(id: "\($0)", time: Int64($0) * 10 + 10, duration: 1) }
        let long = Recorded(id: "long", time: 0, duration: 75)
        let found = try order([short + [long]], lookahead: 3)
        #expect(found.ids == ["0", "1", "2", "3", "long", "4", "5", "6", "7", "8", "9"])
        #expect(found.late == 1)
    }

    @Test("a heap hands out what was put in, in order, and equals as they came", arguments: 0..<20)
    func heap(seed: Int) {
        var random = SplitMix64(seed: seed)
        var heap = EarliestFirst<Int>()
        var expected: [(time: Int64, number: Int)] = []
        for number in 0..<300 {
            let time = Int64.random(in: 0...40, using: &random)
            heap.add(number, at: time)
            expected.append((time, number))
        }
        expected.sort { ($0.time, $0.number) < ($1.time, $1.number) }
        for next in expected {
            #expect(heap.firstTime == next.time)
            #expect(heap.takeFirst() == next.number)
        }
        #expect(heap.takeFirst() == nil && heap.count == 0)
    }
}
