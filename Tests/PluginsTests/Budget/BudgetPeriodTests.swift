import PluginAPI
import Testing

@testable import Plugins

@Suite("A budget's period")
struct BudgetPeriodTests {
    private func period(_ interval: BudgetInterval, _ moment: String) throws -> BudgetPeriod {
        BudgetPeriod(interval, around: try #require(WallTime(rfc3339: moment)))
    }

    @Test(
        "is the day or the month of the calendar in UTC",
        arguments: [
            (.day, "2026-11-24T15:00:00Z", "2026-11-24", "2026-11-24", "2026-11-25"),
            (.day, "2026-11-24T00:00:00Z", "2026-11-24", "2026-11-24", "2026-11-25"),
            (.day, "2026-11-24T23:59:59.999999Z", "2026-11-24", "2026-11-24", "2026-11-25"),
            (.day, "2026-12-31T23:59:59Z", "2026-12-31", "2026-12-31", "2027-01-01"),
            (.day, "2028-02-28T12:00:00Z", "2028-02-28", "2028-02-28", "2028-02-29"),
            (.day, "2028-02-29T12:00:00Z", "2028-02-29", "2028-02-29", "2028-03-01"),
            (.day, "2027-02-28T12:00:00Z", "2027-02-28", "2027-02-28", "2027-03-01"),
            // Summer time begins and ends elsewhere, not in UTC.
            (.day, "2026-03-29T03:30:00+02:00", "2026-03-29", "2026-03-29", "2026-03-30"),
            (.day, "2026-10-25T01:30:00+02:00", "2026-10-24", "2026-10-24", "2026-10-25"),
            (.month, "2026-11-24T15:00:00Z", "2026-11", "2026-11-01", "2026-12-01"),
            (.month, "2026-12-31T23:59:59.999999Z", "2026-12", "2026-12-01", "2027-01-01"),
            (.month, "2027-01-01T00:00:00Z", "2027-01", "2027-01-01", "2027-02-01"),
            (.month, "2027-02-28T23:59:59Z", "2027-02", "2027-02-01", "2027-03-01"),
            (.month, "2028-02-29T23:59:59Z", "2028-02", "2028-02-01", "2028-03-01"),
            (.month, "2100-02-28T23:59:59Z", "2100-02", "2100-02-01", "2100-03-01"),
        ] as [(BudgetInterval, String, String, String, String)])
    func bounds(
        interval: BudgetInterval, moment: String, name: String, start: String, end: String
    ) throws {
        let period = try period(interval, moment)
        #expect(period.name == name)
        #expect(period.start.description == start + "T00:00:00.000000Z")
        #expect(period.end.description == end + "T00:00:00.000000Z")
    }

    @Test("each is followed by the next without a gap, for a hundred years")
    func gaps() throws {
        for interval in BudgetInterval.allCases {
            var period = try period(interval, "2000-01-01T00:00:00Z")
            var names: Set<String> = [period.name]
            while period.name.prefix(4) < "2101" {
                let next = BudgetPeriod(interval, around: period.end)
                #expect(next.start == period.end && next.start < next.end)
                #expect(names.insert(next.name).inserted)
                let last = WallTime(microseconds: next.end.microseconds - 1)
                #expect(BudgetPeriod(interval, around: last) == next)
                period = next
            }
            #expect(names.count == (interval == .month ? 101 * 12 + 1 : 36_890 + 1))
        }
    }
}
