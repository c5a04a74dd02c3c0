import Testing

@testable import Replay

@Suite("sluice replay")
struct ReplayCommandTests {
    private let fixture: ReplayFixture

    init() throws {
        fixture = try ReplayFixture()
        try fixture.configure("running.json")
        try fixture.configure("new.json", Self.limit(2))
    }

    private static func limit(_ count: Int) -> String {
        "{ \"plugin\": \"ip-limiter\", \"config\": { \"limit\": \"\(count)/d\" } }"
    }

    private func run(_ words: String..., files: [String] = ["activity.jsonl"])
        -> ReplayFixture.Outcome
    {
        fixture.run(
            "--running", fixture.folder.path("running.json"), "--config",
            fixture.folder.path("new.json"), files: files)
    }

    private static func records(_ count: Int, client: String = "192.0.2.1") -> [Recorded] {
        (0..<count).map { number in
            Recorded(
                id: "\(client)-\(number)", time: Int64(number) * 1_000_000, duration: 1000,
                client: client)
        }
    }

    private func place(_ line: Int) -> String { "\(fixture.folder.path("activity.jsonl")):\(line)" }

    @Test("tells people what would change, for whom, and how far it can be trusted")
    func text() throws {
        try fixture.write(
            (Self.records(5) + Self.records(1, client: "192.0.2.2")).lines)
        let outcome = fixture.run(
            "--running", fixture.folder.path("running.json"), "--config",
            fixture.folder.path("new.json"), "--list", "1")
        #expect(outcome.code == 0 && outcome.complaints.isEmpty)
        let (running, new) = (
            fixture.folder.path("running.json"), fixture.folder.path("new.json")
        )
        #expect(
            outcome.text == """
                6 requests from 2026-01-31T12:00:00Z to 2026-01-31T12:00:04Z (4.00s), by \(running) and by \(new)
                3 of 6 requests would now be refused: 3 by ip-limiter (429 rate_limit_exceeded)

                would be refused by  status  reason               requests                 first                  last
                ip-limiter              429  rate_limit_exceeded         3  2026-01-31T12:00:02Z  2026-01-31T12:00:04Z

                client     would be refused  would pass
                192.0.2.1                 3           0

                                    time  request_id   route  client     was     would be
                2026-01-31T12:00:02.000Z  192.0.2.1-2  all    192.0.2.1  passes  ip-limiter 429 rate_limit_exceeded

                \(running) decides 100 % as recorded (6 of 6)
                """)
    }

    @Test("says so when nothing would change, and when there is nothing")
    func nothing() throws {
        try fixture.write(Self.records(2).lines)
        #expect(run().text.contains("\nnone of 2 requests would be decided otherwise\n"))
        try fixture.write([])
        let outcome = run()
        #expect(outcome.code == 0 && outcome.text == "no requests" && outcome.complaints.isEmpty)
    }

    @Test("tells what passes that was refused, and what is refused by another")
    func otherwise() throws {
        try fixture.configure("running.json", Self.limit(1))
        try fixture.configure(
            "new.json",
            #"{ "plugin": "rate-limiter", "config": { "key": "everyone", "limit": "3/d" } }"#)
        let refusal = ("ip-limiter", "refuse", "rate_limit_exceeded")
        try fixture.write(
            Self.records(5).enumerated().map { number, record in
                var record = record
                if number > 0 {
                    record.status = 429
                    record.isSent = false
                    record.decisions = [refusal]
                }
                return record
            }.lines)
        let text = run().text
        #expect(
            text.contains(
                "\n2 of 5 requests that were refused would now pass; 2 would end otherwise\n"
            ))
        #expect(text.contains("decides 100 % as recorded (5 of 5)"))
    }

    @Test("shows how the running configuration differs from what was recorded")
    func disagreement() throws {
        try fixture.configure("running.json", Self.limit(3))
        try fixture.write(Self.records(4).lines)
        let text = run().text
        #expect(text.contains("decides 75.00 % as recorded (3 of 4)"))
        #expect(text.contains("passes    ip-limiter 429 rate_limit_exceeded"))
    }

    @Test("names every plugin that is not asked, and what others do not know for it")
    func notAsked() throws {
        let chain = [
            #"{ "plugin": "name-reader" }"#, #"{ "plugin": "cost-reader" }"#,
            #"{ "plugin": "activity-logger", "config": { "file": "never-written.jsonl" } }"#,
            #"{ "plugin": "budget", "config": { "limit": "5.00", "per": "day" } }"#,
        ]
        try fixture.configure(
            "running.json", chain[0], chain[1], chain[2], chain[3],
            #"{ "plugin": "fingerprint-limiter" }"#,
            #"{ "plugin": "request-guard", "config": { "query": "1KiB" } }"#)
        try fixture.configure(
            "new.json", chain[0], chain[1], chain[3],
            #"{ "plugin": "fingerprint-limiter", "config": { "limit": "1/d" } }"#,
            #"{ "plugin": "rate-limiter", "config": { "key": "header:x-team", "limit": "1/d" } }"#)
        try fixture.write(Self.records(3).lines)
        let json = try fixture.replay()
        let standings = (json["not_asked"] as? [[String: Any]] ?? []).map {
            "\($0["plugin"] ?? "") \($0["standing"] ?? "") \($0["needs"] ?? "")"
        }
        #expect(
            standings == [
                "name-reader as_recorded header fields",
                "cost-reader as_recorded header fields and bodies",
                "fingerprint-limiter changed header fields",
                "request-guard decisions_only header fields",
                "rate-limiter unknown header fields",
            ])
        let unknown = (json["unknown_facts"] as? [[String: Any]] ?? []).map {
            "\($0["plugin"] ?? "") \($0["fact"] ?? "") \($0["found_by"] ?? "")"
        }
        #expect(unknown == ["budget expected_cost_usd cost-reader"])
        let text = run().text
        #expect(text.contains("\nas recorded: name-reader, cost-reader\n"))
        #expect(text.contains("not replayed: fingerprint-limiter needs header fields"))
        #expect(
            text.contains(
                "not replayed: rate-limiter needs header fields, which are not in records: what it would decide or find is not known"
            ))
        #expect(text.contains("unknown: budget decides without expected_cost_usd"))
        #expect(!fixture.folder.names.contains("never-written.jsonl"))
    }

    @Test(
        "what a plugin only observed would be refused where it is in force, though it is not asked")
    func observed() throws {
        try fixture.configure("running.json", #"{ "plugin": "name-reader", "mode": "observe" }"#)
        try fixture.configure("new.json", #"{ "plugin": "name-reader" }"#)
        var records = Self.records(3)
        records[1].decisions = [("name-reader", "observed", "unwelcome")]
        try fixture.write(records.lines)
        let json = try fixture.replay()
        #expect(
            ReplayFixture.changes(json) == ["192.0.2.1-1": "refuse name-reader 429 unwelcome"])
        #expect((json["as_recorded"] as? [String: Any])?["agreed"] as? Int == 3)
    }

    @Test("logs of replicas and rotated files are one traffic, in whatever order they are given")
    func severalLogs() throws {
        let records = Self.records(6)
        try fixture.write(records[..<2].map(\.line), to: "activity.jsonl.20260131T120002Z")
        try fixture.write([records[3].line], to: "activity.jsonl")
        try fixture.write([records[2].line, records[4].line, records[5].line], to: "other.jsonl")
        let json = try fixture.replay(
            files: ["other.jsonl", "activity.jsonl", "activity.jsonl.20260131T120002Z"])
        #expect(
            Set(ReplayFixture.changes(json).keys)
                == ["192.0.2.1-2", "192.0.2.1-3", "192.0.2.1-4", "192.0.2.1-5"])
        #expect(json["late"] as? Int == 0)
    }

    // MARK: Lists

    @Test("of a list every plugin is asked")
    func list() throws {
        try fixture.configure("running.json", #"{ "plugin": "name-reader" }"#)
        try fixture.configure(
            "new.json", #"{ "plugin": "name-reader" }"#,
            #"{ "plugin": "rate-limiter", "config": { "key": "identity", "limit": "1/m" } }"#,
            #"{ "plugin": "request-guard", "config": { "body": "5B" } }"#)
        let long = String(repeating: "x", count: 300_000)
        try fixture.write([
            #"{"method": "GET", "path": "/a?b=c", "headers": {"x-name": "alice"}}"#,
            #"{"time": "2026-01-31T12:00:00Z", "method": "POST", "path": "/", "peer": "192.0.2.7", "headers": {"X-Name": ["bob"]}, "body": "12345"}"#,
            #"{"time": "2026-01-31T12:00:30Z", "method": "POST", "path": "/", "headers": {"x-name": "bob"}, "body": "12345", "status": 503, "duration_ms": 1.5}"#,
            #"{"time": "2026-01-31T12:01:31Z", "method": "POST", "path": "/", "peer": "unix", "headers": {"x-name": "bob"}, "body": "123456"}"#,
            #"{"time": "2026-01-31T12:01:32Z", "method": "POST", "path": "/", "peer": "2001:db8::1", "headers": {"x-name": "carol", "Content-Length": "3"}, "body": "\#(long)"}"#,
            #"{"method": "GET", "path": "/", "headers": {"x-name": "mallory"}}"#,
        ])
        let json = try fixture.replay()
        let changes = (json["changes"] as? [[String: Any]] ?? []).map { change in
            let verdict = change["would_be"] as? [String: Any]
            return
                "\(change["identity"] ?? "") \(change["client"] ?? "") \(verdict?["plugin"] ?? "")"
        }
        #expect(
            changes == [
                "bob unix rate-limiter", "bob unix request-guard",
                "carol 2001:db8::1 request-guard",
            ])
        #expect(json["requests"] as? Int == 6)
        #expect((json["not_asked"] as? [Any])?.isEmpty == true)
        // There is nothing to compare with.
        #expect(json["as_recorded"] is [String: Any] == false)
    }

    @Test(
        "a line that is no request is told with its place, what stands there and what was expected",
        arguments: [
            ("", "a \"method\", found the line's end"),
            (#""method": "GET""#, "a \"path\", found the line's end"),
            (
                #""method": "GET", "path": "x""#,
                "path: expected a path that begins with \"/\" and has no space, found \"x\"}"
            ),
            (
                #""method": "G T", "path": "/""#,
                "method: expected a method such as \"POST\", found \"G T\""
            ),
            (
                #""method": "GET", "path": "/", "pear": "x""#,
                "\"headers\", \"body\", \"status\", \"duration_ms\", found \"pear\": \"x\"}"
            ),
            (
                #""method": "GET", "path": "/", "peer": "x""#,
                "peer: expected an address such as \"203.0.113.7\", found \"x\"}"
            ),
            (
                #""method": "GET", "path": "/", "time": "noon""#,
                "time: expected a time such as \"2026-01-31T12:00:00Z\", found \"noon\"}"
            ),
            (
                #""method": "GET", "path": "/", "status": 99"#,
                "status: expected a status from 200 to 599, found 99}"
            ),
            (
                #""method": "GET", "path": "/", "duration_ms": -1"#,
                "duration_ms: expected milliseconds, not negative, found -1}"
            ),
            (
                #""method": "GET", "path": "/", "headers": {"a": 1}"#,
                "headers: expected a field's value, or a list of them, found 1}}"
            ),
            (#""method": "GET", "path": "/", "request_id": "x""#, "expected one of"),
        ])
    func badList(members: String, expected: String) throws {
        try fixture.write([#"{"method": "GET", "path": "/"}"#, "{\(members)}"])
        let outcome = run()
        #expect(outcome.code == 0)
        #expect(outcome.text.hasPrefix("1 requests"))
        #expect(outcome.complaints.count == 1)
        let complaint = outcome.complaints.first ?? ""
        #expect(complaint.hasPrefix("sluice: 1 line is no request: \(place(2)): "))
        #expect(complaint.contains(expected), "\(complaint)")
    }

    // MARK: What is wrong

    @Test("lines that are no records are counted, and those of a list among them")
    func badRecords() throws {
        try fixture.write(
            [Self.records(1)[0].line, "no record", "", #"{"method":"GET","path":"/"}"#]
                + [
                    #"{"time":"2026-01-31T12:00:00.000000Z","method":"GET","path":"/"}"#,
                    Self.records(1)[0].line.replacing(
                        #""method":"GET","path":"/","status":200"#,
                        with: #""method":null,"path":null,"status":400"#),
                ])
        let outcome = run()
        #expect(outcome.code == 0 && outcome.text.hasPrefix("1 requests"))
        #expect(
            outcome.complaints == [
                "sluice: 3 lines are no records; the first: \(place(2)): expected an object, found no record (column 1)"
            ])
        #expect(
            outcome.text.contains("left out: 1 requests whose heads are refused before any plugin"))
    }

    @Test("a configuration that is refused is told as check tells it")
    func refusedConfiguration() throws {
        try fixture.write(Self.records(1).lines)
        try fixture.configure(
            "new.json", #"{ "plugin": "ip-limitr" }"#, Self.limit(2).replacing("2/d", with: "often")
        )
        let outcome = run()
        #expect(outcome.code == 1 && outcome.printed.isEmpty)
        #expect(outcome.complaints.count == 2)
        #expect(outcome.complaints.first?.contains("new.json:4:") == true)
        #expect(
            outcome.complaints.first?.contains(
                "unknown plugin \"ip-limitr\"; did you mean \"ip-limiter\"?") == true)
    }

    @Test("files that are not there, or compressed, are failures")
    func missing() throws {
        let outcome = run(files: ["missing.jsonl"])
        #expect(outcome.code == 1)
        #expect(
            outcome.complaints == [
                "sluice: \(fixture.folder.path("missing.jsonl")): the file cannot be read: No such file or directory"
            ])
        try fixture.folder.write("\u{1F}", to: "activity.jsonl")
        #expect(run().complaints.count == 1)
    }

    @Test(
        "a wrong call is told, with 2",
        arguments: [
            ([], "expected --config and the file to try"),
            (
                ["--config", "x", "--list", "many"],
                "--list: expected a number from 1 to 100000, found \"many\""
            ),
            (["--config", "x", "--configuration", "y"], "unknown argument"),
            (["--config"], "--config needs a value"),
            (["--config", "x", "-", "-"], "standard input (-) can be read once"),
        ])
    func wrongCall(words: [String], expected: String) {
        let outcome = fixture.run(words)
        #expect(outcome.code == 2)
        #expect(outcome.complaints.first?.contains(expected) == true, "\(outcome.complaints)")
    }
}
