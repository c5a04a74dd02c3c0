import Foundation
import PluginAPI
import Testing

@testable import ActivityReport

/// The same sums by other means: Foundation's JSON and its decimal numbers of 38 digits.
private struct Expected: Equatable {
    var requests = 0
    var errors = 0
    var refused = 0
    var left = 0
    var sums: [String: Decimal] = [:]
    var priced = 0

    static let sums = [
        "input", "output", "cached", "reasoning", "cost_usd", "bytes_in", "bytes_out",
    ]

    mutating func add(_ record: [String: Any]) {
        requests += 1
        let decisions = record["decisions"] as? [[String: Any]] ?? []
        let status = record["status"] as? Int
        if decisions.contains(where: { $0["decision"] as? String == "refuse" }) {
            refused += 1
        } else if let aborted = record["aborted"] as? String {
            if aborted == "client" { left += 1 } else { errors += 1 }
        } else if status == 499 {
            left += 1
        } else if let status, status >= 500 {
            errors += 1
        }
        let usage = record["usage"] as? [String: Any] ?? [:]
        for key in Self.sums {
            let number =
                (record[key] as? String).flatMap { Decimal(string: $0) }
                // `decimalValue` would go by way of a Double.
                ?? (record[key] as? NSNumber ?? usage[key] as? NSNumber)
                .flatMap { Decimal(string: $0.stringValue) }
            sums[key, default: 0] += number ?? 0
        }
        if record["cost_usd"] is String { priced += 1 }
    }

    init() {}

    init(_ tally: Tally) throws {
        requests = tally.requests
        errors = tally.errors
        refused = tally.refused
        left = tally.left
        priced = tally.priced
        for key in Self.sums {
            let column = try #require(TallyColumn(rawValue: key))
            let text = column == .cost ? tally.cost.description : String(column.value(tally))
            let sum: Decimal = try #require(Decimal(string: text))
            sums[key] = sum
        }
    }
}

@Suite("Groups of records")
struct GroupTableTests {
    private static let dimensions: [[RecordField]] = [
        [.text(.model)], [.count(.status), .text(.identity)], [.text(.route), .hour],
        [.stream, .statusClass, .day], [.plugin], [.decision, .reason], [.plugin, .text(.model)],
        [.text(.identity), .text(.aborted), .minute],
    ]

    /// What a record has in a field, in words.
    private func word(
        _ field: RecordField, _ record: [String: Any], _ decision: [String: Any]?
    ) -> String {
        let time = record["time"] as? String ?? ""
        let value: Any?
        switch field {
        case .hour: return time.prefix(13) + ":00Z"
        case .minute: return time.prefix(16) + "Z"
        case .day: return String(time.prefix(10))
        case .statusClass: return (record["status"] as? Int).map { "\($0 / 100)xx" } ?? "none"
        case .stream: return (record["stream"] as? Bool).map { "\($0)" } ?? "none"
        case .plugin, .decision, .reason: value = decision?[field.name]
        default: value = record[field.name]
        }
        return (value as? String) ?? (value as? Int).map { String($0) } ?? "none"
    }

    @Test("have the sums that Foundation's decimals give", arguments: dimensions)
    func sums(fields: [RecordField]) throws {
        var made = RandomRecord(random: SplitMix64(seed: fields.count + 11))
        let lines = (0..<2000).map { _ in made.line() }
        let table = GroupTable(by: fields)
        let seen = read(lines.joined(separator: "\n")) { record in
            table.add(record, RecordFilter())
            return true
        }
        #expect(seen.count == lines.count)

        var expected: [[String]: Expected] = [:]
        for line in lines {
            let record = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let decisions = record["decisions"] as? [[String: Any]] ?? []
            let isByDecision = fields.contains(where: \.isOfDecision)
            let parts: [[String: Any]?] = isByDecision && !decisions.isEmpty ? decisions : [nil]
            for key in Set(parts.map { part in fields.map { word($0, record, part) } }) {
                expected[key, default: Expected()].add(record)
            }
        }
        var found: [[String]: Expected] = [:]
        for group in table.all {
            let key = zip(fields, group.values).map { $0.label($1) }
            // Each group is there once.
            #expect(found[key] == nil)
            found[key] = try Expected(group.tally)
        }
        #expect(found == expected)
        #expect(found.count > 1)
    }

    @Test("beyond the bound are counted together, and nothing is lost")
    func bound() throws {
        let lines = (0..<500).map { number in
            #"{"time":"2026-01-31T12:00:00Z","client":"10.0.0.\#(number % 50)","cost_usd":"0.1"}"#
        }
        let table = GroupTable(by: [.text(.client)], mostGroups: 7)
        _ = read(lines.joined(separator: "\n")) { table.add($0, RecordFilter()) }
        #expect(table.count == 7)
        #expect(table.all.map(\.tally.requests) == Array(repeating: 10, count: 7))
        #expect(table.overflow.requests == 430)
        #expect(table.overflow.cost.description == "43")

        let selection = GroupSelection(table, by: .requests, most: 3)
        #expect(selection.shown.count == 3)
        #expect(selection.rest?.tally.requests == 470)
        #expect(selection.restLabel(table) == "other (more than 4)")
    }

    @Test("that are not shown add up to what the others leave of all", arguments: [1, 2, 5])
    func rest(shown: Int) throws {
        var made = RandomRecord(random: SplitMix64(seed: 31))
        let table = GroupTable(by: [.text(.model), .count(.status)], mostGroups: 20)
        var whole = Tally()
        _ = read((0..<1000).map { _ in made.line() }.joined(separator: "\n")) { record in
            whole.add(record)
            table.add(record, RecordFilter())
        }
        let selection = GroupSelection(table, by: .cost, most: shown)
        let rest = try #require(selection.rest)
        #expect(rest.groups == 20 - shown)
        var sum = rest.tally
        for group in selection.shown { sum += group.tally }
        for column in TallyColumn.allCases {
            #expect(column.value(sum) == column.value(whole), "\(column)")
        }
        #expect(sum.estimated == whole.estimated)
        #expect(sum.priced == whole.priced)
        #expect(sum.unpriced == whole.unpriced)
    }

    @Test("tell texts apart that look alike in bytes")
    func alike() {
        let values = [nil, "", "none", "a", "a\u{0}", "ab", "a\",\"b", "1"]
        let lines = values.flatMap { first in
            values.map { second in
                func quoted(_ text: String?) -> String {
                    text.map { JSONText.quoted($0) } ?? "null"
                }
                return "{\"time\":\"2026-01-31T12:00:00Z\",\"model\":\(quoted(first)),"
                    + "\"identity\":\(quoted(second))}"
            }
        }
        let table = GroupTable(by: [.text(.model), .text(.identity)])
        _ = read((lines + lines).joined(separator: "\n")) { table.add($0, RecordFilter()) }
        #expect(table.count == values.count * values.count)
        #expect(table.all.allSatisfy { $0.tally.requests == 2 })
        let found = table.all.map(\.values)
        let expected: [[FieldValue]] = values.flatMap { first in
            values.map { second in
                [first.map { .text($0) } ?? .none, second.map { .text($0) } ?? .none]
            }
        }
        #expect(found == expected)
    }

    @Test("count a record once in each group of its decisions, and only in those asked for")
    func decisions() throws {
        let line = #"""
            {"time":"2026-01-31T12:00:00Z","decisions":[{"plugin":"a","decision":"observed","reason":"r"},{"plugin":"a","decision":"observed","reason":"r"},{"plugin":"b","decision":"refuse","reason":"r"}]}
            """#
        let all = GroupTable(by: [.plugin])
        let asked = GroupTable(by: [.plugin])
        let filter = RecordFilter(conditions: [try Condition("plugin=b")])
        _ = read(line) { record in
            #expect(filter.matches(record))
            all.add(record, RecordFilter())
            asked.add(record, filter)
        }
        #expect(all.all.map(\.values) == [[.text("a")], [.text("b")]])
        #expect(all.all.map(\.tally.requests) == [1, 1])
        #expect(asked.all.map(\.values) == [[.text("b")]])
    }
}
