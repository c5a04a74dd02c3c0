import Testing

@testable import ActivityReport

@Suite("The slowest records")
struct SlowestRecordsTests {
    @Test("are those that sorting finds, in the log's order where they are equal")
    func sorted() {
        var random = SplitMix64(seed: 9)
        for limit in [1, 2, 7, 50, 1000] {
            let records = (0..<300).map { number in
                (duration: Int.random(in: 0...40, using: &random), number: number)
            }
            let slowest = SlowestRecords(limit: limit)
            let lines = records.map { record in
                "{\"time\":\"2026-01-31T12:00:00Z\",\"duration_ms\":\(record.duration),\"status\":\(record.number)}"
            }
            _ = read(lines.joined(separator: "\n")) { slowest.add($0) }
            let expected = records.sorted { ($1.duration, $0.number) < ($0.duration, $1.number) }
                .prefix(limit).map { lines[$0.number] }
            #expect(slowest.lines.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
    }
}
