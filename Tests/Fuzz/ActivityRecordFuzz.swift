// Feeds random lines, and random ends of lines that begin well, to the reader of activity records.
//
// Whatever the bytes are: the records are the same however the bytes are cut, what is taken as a record
// is JSON to Foundation too and has the same values there, and the admin listener's page is read or
// refused.

import Foundation
import PluginAPI

@testable import ActivityReport

private let start = #"{"time":"2026-01-31T12:00:00.000001Z""#
private let beginnings = [
    "", start, start + #",""#, start + #","status":"#, start + #","model":""#,
    start + #","usage":{"input":1,"#, start + #","duration_ms":"#, start + #","cost_usd":""#,
    start + #","decisions":[{"plugin":""#, start + #","headers":{""#,
].map { Array($0.utf8) }

/// What is known of one record.
private struct Seen: Equatable {
    var line: [UInt8]
    var texts: [String?]
    var numbers: [Int64?]
    var decisions: [[String?]]
    var headers: [String]

    init(_ record: ActivityRecord) {
        line = Array(record.line)
        texts = RecordTextKey.allCases.map { record.text($0)?.string }
        numbers =
            RecordCountKey.allCases.map { record.count($0) }
            + RecordDurationKey.allCases.map { record.microseconds($0) }
            + [record.time.microseconds, record.cost?.picodollars]
        decisions = record.decisions.map {
            [$0.plugin?.string, $0.decision?.string, $0.reason?.string]
        }
        headers = record.headers.map { "\($0.name): \($0.value ?? "null")" }
    }
}

private func read(_ bytes: [UInt8], cuts: [Int]) -> (records: [Seen], skipped: String) {
    let reader = ActivityRecordReader(name: "fuzz", longestLine: 2000)
    var records: [Seen] = []
    var from = 0
    for to in cuts + [bytes.count] where to >= from {
        bytes[from..<to].withUnsafeBufferPointer { run in
            reader.read(run) { records.append(Seen($0)) }
        }
        from = to
    }
    reader.end { records.append(Seen($0)) }
    return (records, reader.skipped.description)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzActivityRecords(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let beginning = beginnings[input.option % beginnings.count]
    let bytes = beginning + input.message
    let whole = read(bytes, cuts: [])
    for cuts in [input.cuts, bytes.count < 600 ? Array(0...bytes.count) : []] {
        let pieces = read(bytes, cuts: cuts)
        require(
            pieces == whole,
            "whole: \(whole.records), \(whole.skipped); pieces: \(pieces.records), \(pieces.skipped)"
        )
    }
    for record in whole.records { compare(record) }
    bytes.withUnsafeBufferPointer { page in
        _ = try? RequestsPage(page, name: "fuzz") { _ = Seen($0) }
    }
    return 0
}

private func compare(_ record: Seen) {
    let text = String(decoding: record.line, as: UTF8.self)
    // Foundation refuses numbers that no Double holds.
    if text.contains(/[0-9][eE]\+?[0-9]{3}/) { return }
    guard
        let object = try? JSONSerialization.jsonObject(with: Data(record.line)) as? [String: Any]
    else { fatalError("no JSON to Foundation: \(text)") }
    // Of a key that stands twice Foundation may take another one.
    let isTwice = RecordTextKey.allCases.contains { key in
        text.ranges(of: "\"\(key.name)\"").count > 1
    }
    if isTwice || text.contains("\\u") { return }
    for (key, value) in zip(RecordTextKey.allCases, record.texts) {
        require(
            object["\(key.name)"] as? String == value,
            "\(key.name): \(value ?? "nil") of \(text)")
    }
}
