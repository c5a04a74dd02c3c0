import Testing

@testable import ActivityReport

@Suite("The names of rotated files")
struct RotatedNamesTests {
    @Test("stand in the order of their time, each log by itself")
    func order() {
        #expect(
            RotatedNames.inOrderOfTime([
                "b.jsonl", "logs/a.jsonl", "logs/a.jsonl.20260131T120000Z",
                "logs/a.jsonl.20260131T120000Z-001", "logs/a.jsonl.20251231T120000Z", "-",
                "b.jsonl.20260101T000000Z", "b.jsonl.1",
            ]) == [
                "b.jsonl.20260101T000000Z", "b.jsonl", "logs/a.jsonl.20251231T120000Z",
                "logs/a.jsonl.20260131T120000Z", "logs/a.jsonl.20260131T120000Z-001",
                "logs/a.jsonl", "-", "b.jsonl.1",
            ])
    }
}
