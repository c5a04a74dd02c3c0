import Foundation
import PluginAPI
import Testing

@testable import ActivityReport

@Suite("The reader of activity records")
struct ActivityRecordReaderTests {
    static let whole = #"""
        {"time":"2026-01-31T12:00:00.000001Z","request_id":"id-1","route":"chat","client":"203.0.113.7","peer":"10.0.0.4","identity":"team-a","method":"POST","path":"/v1/x","status":200,"upstream":"openai","attempts":2,"duration_ms":1834.201,"upstream_ms":1833.950,"ttfb_ms":412.077,"bytes_in":512,"bytes_out":2210,"stream":true,"aborted":"client","model":"gpt-\"4\"","usage":{"input":120,"output":310,"cached":7,"cache_write":1,"long_cache_write":2,"reasoning":3,"total":430,"estimated":true},"cost_usd":"0.000204","cost_source":"prices","finish_reason":"stop","decisions":[{"plugin":"strict","decision":"observed","reason":"over_limit"},{"plugin":"b","decision":"refuse","reason":null}],"error":"line\nbreak","headers":{"user-agent":"OpenAI\/Python","x-none":null},"request_body":"{\"a\":1}","request_body_truncated":false,"response_body":"data: ","response_body_truncated":true}
        """#

    @Test("reads every key")
    func everyKey() {
        let texts = read(Self.whole) { record in
            RecordTextKey.allCases.map { record.text($0)?.string }
        }
        #expect(
            texts == [
                [
                    "id-1", "chat", "203.0.113.7", "10.0.0.4", "team-a", "POST", "/v1/x", "openai",
                    "client", "gpt-\"4\"", "prices", "stop", "line\nbreak", #"{"a":1}"#, "data: ",
                ]
            ])
        let counts = read(Self.whole) { record in RecordCountKey.allCases.map { record.count($0) } }
        #expect(counts == [[200, 2, 512, 2210, 120, 310, 7, 1, 2, 3, 430]])
        let durations = read(Self.whole) { record in
            RecordDurationKey.allCases.map { record.microseconds($0) }
        }
        #expect(durations == [[1_834_201, 1_833_950, 412_077]])
        _ = read(Self.whole) { record in
            #expect(record.time == WallTime(rfc3339: "2026-01-31T12:00:00.000001Z"))
            #expect(record.cost == Money(picodollars: 204_000_000))
            #expect(record.isStream == true)
            #expect(record.isEstimated == true)
            #expect(record.isRequestBodyTruncated == false)
            #expect(record.isResponseBodyTruncated == true)
            #expect(record.decisions.map { $0.plugin?.string } == ["strict", "b"])
            #expect(record.decisions.map { $0.decision?.string } == ["observed", "refuse"])
            #expect(record.decisions.map { $0.reason?.string } == ["over_limit", nil])
            #expect(record.headers.map(\.name) == ["user-agent", "x-none"])
            #expect(record.headers.map(\.value) == ["OpenAI/Python", nil])
            #expect(String(decoding: record.line, as: UTF8.self) == Self.whole)
        }
    }

    @Test("has nil for null and for what is not there, also after a record that had all")
    func nothing() {
        let bare = #"{"time":"2026-01-31T12:00:00Z"}"#
        let nulls = Self.whole.replacing(
            /"([\w-]+)":(?:"(?:[^"\\]|\\.)*"|[0-9.]+|true|false|\[[^\]]*\])/,
            with: { "\"\($0.1)\":null" }
        ).replacing("\"time\":null", with: "\"time\":\"2026-01-31T12:00:00Z\"")
        for text in [
            bare, nulls, nulls.replacing(/"(usage|headers)":{[^}]*}/, with: { "\"\($0.1)\":null" }),
        ] {
            let seen = read(Self.whole + "\n" + text) { record in
                (
                    record.line.count,
                    [
                        RecordTextKey.allCases.allSatisfy { record.text($0) == nil },
                        RecordCountKey.allCases.allSatisfy { record.count($0) == nil },
                        RecordDurationKey.allCases.allSatisfy { record.microseconds($0) == nil },
                        record.cost == nil, record.isStream == nil, record.isEstimated == nil,
                        record.isRequestBodyTruncated == nil, record.isResponseBodyTruncated == nil,
                        record.decisions.isEmpty, record.headers.allSatisfy { $0.value == nil },
                    ]
                )
            }
            #expect(seen.count == 2, "\(skipped(text))")
            #expect(seen.last?.1.allSatisfy(\.self) == true, "\(text)")
        }
    }

    @Test("does not depend on the order of keys, on spaces, or on keys that it does not know")
    func order() throws {
        var random = SplitMix64(seed: 3)
        var made = RandomJSON(random: SplitMix64(seed: 4))
        let members = [
            #""time":"2026-01-31T12:00:00Z""#, #""status":429"#, #""model":"m""#,
            #""usage":{"total":9,"other":[1],"input":4}"#, #""cost_usd":"1.5""#,
        ]
        for _ in 0..<300 {
            var all =
                members + [
                    "\"extra\":\(made.object().replacing("\r\n", with: " "))",
                    "\"\\u0065rror\":\"e\"",
                ]
            all.shuffle(using: &random)
            let text = " { \(all.joined(separator: " ,\t")) } \r"
            let seen = read(text) {
                [
                    $0.count(.status), $0.count(.input), $0.count(.total), $0.cost?.picodollars,
                    Int64($0.text(.model)?.bytes.count ?? 0),
                    Int64($0.text(.error)?.bytes.count ?? 0),
                ]
            }
            #expect(seen == [[429, 4, 9, 1_500_000_000_000, 1, 1]], "\(text)")
        }
    }

    @Test("gives the same records however the bytes are cut into runs")
    func runs() {
        let text =
            "\(Self.whole)\nno record\n\n{\"time\":\"2026-01-31T12:00:01Z\"}\r\n\(Self.whole)"
        let bytes = Array(text.utf8)
        for size in [1, 2, 3, 7, 64, 1000, bytes.count] {
            let reader = ActivityRecordReader(name: "test.jsonl")
            var times: [Int64] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBufferPointer { run in
                    reader.read(run) { times.append($0.time.microseconds % 60_000_000) }
                }
            }
            #expect(times == [1, 1_000_000], "in runs of \(size)")
            reader.end { times.append($0.time.microseconds % 60_000_000) }
            #expect(times == [1, 1_000_000, 1])
            #expect(reader.skipped.count == 1)
            #expect(reader.skipped.firstProblem?.hasPrefix("test.jsonl:2: ") == true)
        }
    }

    @Test(
        "tells of a line that is no record what was expected and what was found",
        arguments: [
            ("x", "expected an object, found x (column 1)"),
            ("{}", "expected a \"time\" in the record, found the line's end (column 3)"),
            (#"{"time":5}"#, "time: expected a time, as RFC 3339 writes it, found 5} (column 9)"),
            (
                #"{"time":"yesterday"}"#,
                "time: expected a time, as RFC 3339 writes it, found \"yesterday\"} (column 9)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","status":"200"}"#,
                "status: expected a whole number or null, found \"200\"} (column 41)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","status":2.5}"#,
                "status: expected a whole number below 2^63, found 2.5} (column 41)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","duration_ms":-1}"#,
                "duration_ms: expected milliseconds, a number of at least 0, or null, found -1} (column 46)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","cost_usd":0.5}"#,
                "cost_usd: expected a string or null, found 0.5} (column 43)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","cost_usd":"much"}"#,
                "cost_usd: expected an amount, a decimal in a string, of less than nine million, found \"much\"} (column 43)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","stream":1}"#,
                "stream: expected true, false or null, found 1} (column 41)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","decisions":{}}"#,
                "decisions: expected a list, found {}} (column 44)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z"} x"#,
                "expected nothing behind the record, found x (column 33)"
            ),
            (
                #"{"time":"2026-01-31T12:00:00Z","rou"#,
                "expected the end of a string, found the line's end (column 36)"
            ),
            ("\u{1B}[2Jgone", "expected an object, found \\u{1b}[2Jgone (column 1)"),
        ])
    func problems(line: String, problem: String) {
        let told = skipped("\n\(line)\n")
        #expect(told.count == 1)
        #expect(told.description == "1 line is no record: test.jsonl:2: \(problem)")
    }

    @Test("counts lines that are no records, and tells of the first")
    func count() {
        #expect(
            skipped("\(Self.whole)\na\nb\n\(Self.whole)\n{\"time\":").description
                == "3 lines are no records; the first: test.jsonl:2: expected an object, found a (column 1)"
        )
    }

    @Test("passes over a line that is too long without keeping it")
    func tooLong() {
        let text = String(repeating: "x", count: 5000) + "\n{\"time\":\"2026-01-31T12:00:00Z\"}\n"
        for size in [1, 100, 10_000] {
            let reader = ActivityRecordReader(name: "test.jsonl", longestLine: 100)
            var records = 0
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBufferPointer { run in
                    reader.read(run) { _ in records += 1 }
                }
            }
            #expect(records == 1)
            #expect(
                reader.skipped.description
                    == "1 line is no record: test.jsonl:1: expected a line of at most 100 bytes")
        }
    }

    @Test("reads numbers exactly, however JSON writes them")
    func numbers() {
        func milliseconds(_ number: String) -> Int64? {
            read("{\"time\":\"2026-01-31T12:00:00Z\",\"duration_ms\":\(number)}") {
                $0.microseconds(.duration)
            }.first ?? nil
        }
        #expect(milliseconds("0") == 0)
        #expect(milliseconds("12") == 12_000)
        #expect(milliseconds("12.3") == 12_300)
        #expect(milliseconds("12.345") == 12_345)
        #expect(milliseconds("12.3456") == 12_346)
        #expect(milliseconds("1.5e2") == 150_000)
        #expect(milliseconds("999999999999.999") == 999_999_999_999_999)
        #expect(milliseconds("12345678901234567") == nil)
        #expect(milliseconds("1e300") == nil)
        let count = read("{\"time\":\"2026-01-31T12:00:00Z\",\"bytes_in\":\(Int64.max)}") {
            $0.count(.bytesIn)
        }
        #expect(count == [Int64.max])
        #expect(
            skipped("{\"time\":\"2026-01-31T12:00:00Z\",\"bytes_in\":\(Int64.max)0}").count == 1)
    }

    @Test("reads times with any offset")
    func times() {
        for text in [
            "2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:00Z", "2026-01-31t13:00:00+01:00",
        ] {
            #expect(
                read("{\"time\":\"\(text)\"}") { $0.time } == [
                    WallTime(rfc3339: "2026-01-31T12:00:00Z")
                ])
        }
    }
}
