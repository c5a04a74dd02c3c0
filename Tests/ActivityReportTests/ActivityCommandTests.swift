import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import ActivityReport
@testable import Proxy

@Suite("sluice activity")
struct ActivityCommandTests {
    private struct Outcome: Equatable {
        var code: Int32 = 0
        var printed: [String] = []
        var complaints: [String] = []
    }

    private let folder: TemporaryFolder
    private let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = folder.path("activity.jsonl")
        try folder.write(Self.log, to: "activity.jsonl")
    }

    private static let log = """
        {"time":"2026-01-31T12:00:00.000000Z","request_id":"id-1","route":"chat","client":"203.0.113.7","identity":"team-a","method":"POST","path":"/v1/chat/completions","status":200,"upstream":"openai","attempts":1,"duration_ms":1000.000,"upstream_ms":999.000,"ttfb_ms":400.000,"bytes_in":100,"bytes_out":1000,"stream":true,"aborted":null,"model":"gpt-4o","usage":{"input":100,"output":50,"cached":20,"reasoning":0,"total":150,"estimated":false},"cost_usd":"0.000750","cost_source":"prices","finish_reason":"stop","decisions":[],"error":null}
        {"time":"2026-01-31T12:30:00.000000Z","request_id":"id-2","route":"chat","client":"203.0.113.7","identity":"team-b","method":"POST","path":"/v1/chat/completions","status":200,"upstream":"openai","attempts":1,"duration_ms":2000.000,"upstream_ms":1999.000,"ttfb_ms":500.000,"bytes_in":100,"bytes_out":1000,"stream":true,"aborted":null,"model":"gpt-4o-mini","usage":{"input":1000,"output":500,"cached":0,"reasoning":0,"total":1500,"estimated":true},"cost_usd":"0.1","cost_source":"unpriced","finish_reason":"stop","decisions":[{"plugin":"strict","decision":"observed","reason":"rate_limit_exceeded"}],"error":null}
        {"time":"2026-01-31T13:00:00.000000Z","request_id":"id-3","route":"chat","client":"203.0.113.9","identity":null,"method":"POST","path":"/v1/chat/completions","status":429,"upstream":null,"attempts":0,"duration_ms":0.080,"upstream_ms":null,"ttfb_ms":0.070,"bytes_in":100,"bytes_out":120,"stream":false,"aborted":null,"model":"gpt-4o","usage":null,"cost_usd":null,"cost_source":null,"finish_reason":null,"decisions":[{"plugin":"ip-limiter","decision":"refuse","reason":"rate_limit_exceeded"}],"error":null}
        no record
        {"time":"2026-01-31T13:30:00.000000Z","request_id":"id-4","route":"rest","client":"203.0.113.9","identity":null,"method":"GET","path":"/v1/models","status":503,"upstream":"openai","attempts":2,"duration_ms":30000.000,"upstream_ms":30000.000,"ttfb_ms":null,"bytes_in":0,"bytes_out":120,"stream":false,"aborted":null,"model":null,"usage":null,"cost_usd":null,"cost_source":null,"finish_reason":null,"decisions":[],"error":"too slow"}

        """

    private func run(_ words: String..., environment: [String: String] = ["COLUMNS": "100"])
        -> Outcome
    {
        let outcome = Locked(Outcome())
        let context = CommandContext(
            registry: PluginRegistry([]), environment: environment,
            commands: [ActivityCommand.self],
            output: { line in outcome.withLock { $0.printed.append(line) } },
            complaints: { line in outcome.withLock { $0.complaints.append(line) } })
        let code = Sluice.run(["activity"] + words, context)
        return outcome.withLock {
            $0.code = code
            return $0
        }
    }

    private var complaint: String {
        "sluice: 1 line is no record: \(file):4: expected an object, found no record (column 1)"
    }

    @Test("tells all at a glance")
    func summary() {
        let outcome = run(file)
        #expect(outcome.code == 0)
        #expect(outcome.complaints == [complaint])
        #expect(
            outcome.printed == [
                """
                4 requests from 2026-01-31T12:00:00Z to 2026-01-31T13:30:00Z (1h30m)

                status  requests   share
                200            2  50.0 %
                429            1  25.0 %
                503            1  25.0 %

                outcome   requests   share
                answered         2  50.0 %
                errors           1  25.0 %
                refused          1  25.0 %

                time                 p50    p95    p99    max
                duration           1.00s  30.0s  30.0s  30.0s
                to the first byte  399ms  500ms  500ms  500ms

                tokens  input 1100 (cached 20), output 550 (reasoning 0); estimates in 1 records
                cost    0.10075 USD in 2 records; no known price in 1

                plugin      decision  reason               requests
                ip-limiter  refuse    rate_limit_exceeded         1
                strict      observed  rate_limit_exceeded         1

                identity  requests  errors  refused  input  output  cached  cost_usd     p50    p95
                none             2       1        1      0       0       0         -  0.08ms  30.0s
                team-a           1       0        0    100      50      20   0.00075   1.00s  1.00s
                team-b           1       0        0   1000     500       0   0.10000   2.00s  2.00s

                model        requests  errors  refused  input  output  cached  cost_usd     p50    p95
                gpt-4o              2       0        1    100      50      20   0.00075  0.08ms  1.00s
                none                1       1        0      0       0       0         -   30.0s  30.0s
                gpt-4o-mini         1       0        0   1000     500       0   0.10000   2.00s  2.00s

                route  requests  errors  refused  input  output  cached  cost_usd    p50    p95
                chat          3       0        1   1100     550      20   0.10075  1.00s  2.00s
                rest          1       1        0      0       0       0         -  30.0s  30.0s

                upstream  requests  errors  refused  input  output  cached  cost_usd     p50     p95
                openai           3       1        0   1100     550      20   0.10075   2.01s   30.0s
                none             1       0        1      0       0       0         -  0.08ms  0.08ms

                client       requests  errors  refused  input  output  cached  cost_usd     p50    p95
                203.0.113.7         2       0        0   1100     550      20   0.10075   1.00s  2.00s
                203.0.113.9         2       1        1      0       0       0         -  0.08ms  30.0s

                hour               requests  errors  refused  input  output  cached  cost_usd     p50    p95
                2026-01-31T12:00Z         2       0        0   1100     550      20   0.10075   1.00s  2.00s
                2026-01-31T13:00Z         2       1        1      0       0       0         -  0.08ms  30.0s
                """
            ])
    }

    @Test("counts by what it is asked for, in a table")
    func breakdown() {
        #expect(
            run("--by", "model", file).printed == [
                """
                model        requests  errors  refused  input  output  cached  cost_usd     p50    p95
                gpt-4o              2       0        1    100      50      20   0.00075  0.08ms  1.00s
                none                1       1        0      0       0       0         -   30.0s  30.0s
                gpt-4o-mini         1       0        0   1000     500       0   0.10000   2.00s  2.00s
                all                 4       1        1   1100     550      20   0.10075   1.00s  30.0s
                """
            ])
        #expect(
            run("--by=identity,plugin", "--where", "status!=503", file).printed == [
                """
                identity  plugin      requests  errors  refused  input  output  cached  cost_usd     p50     p95
                none      ip-limiter         1       0        1      0       0       0         -  0.08ms  0.08ms
                team-a    none               1       0        0    100      50      20   0.00075   1.00s   1.00s
                team-b    strict             1       0        0   1000     500       0   0.10000   2.00s   2.00s
                all                          3       0        1   1100     550      20   0.10075   1.00s   2.00s
                """
            ])
    }

    @Test("by hour is in the order of time")
    func hours() {
        #expect(
            run("--by", "hour", "--route", "chat", file).printed == [
                """
                hour               requests  errors  refused  input  output  cached  cost_usd     p50     p95
                2026-01-31T12:00Z         2       0        0   1100     550      20   0.10075   1.00s   2.00s
                2026-01-31T13:00Z         1       0        1      0       0       0         -  0.08ms  0.08ms
                all                       3       0        1   1100     550      20   0.10075   1.00s   2.00s
                """
            ])
    }

    @Test("sorts by any column, which it then shows, and adds up what it does not show")
    func sorted() {
        #expect(
            run("--by", "model", "--sort", "max", "--top", "1", "--method", "P*", file).printed == [
                """
                model        requests  errors  refused  input  output  cached  cost_usd     p50    p95    max
                gpt-4o-mini         1       0        0   1000     500       0   0.10000   2.00s  2.00s  2.00s
                other (1)           2       0        1    100      50      20   0.00075  0.08ms  1.00s  1.00s
                all                 3       0        1   1100     550      20   0.10075   1.00s  2.00s  2.00s
                """
            ])
    }

    @Test("finds the slowest")
    func slowest() {
        #expect(
            run("--slowest", "2", file, environment: ["COLUMNS": "120"]).printed == [
                """
                                    time  duration   ttfb  status  route  model        identity  client       request_id
                2026-01-31T13:30:00.000Z     30.0s      -     503  rest   -            -         203.0.113.9        id-4
                2026-01-31T12:30:00.000Z     2.00s  500ms     200  chat   gpt-4o-mini  team-b    203.0.113.7        id-2
                """
            ])
        let lines = Self.log.split(separator: "\n").map(String.init)
        #expect(run("--slowest=2", "--json", file).printed == ["\(lines[4])\n\(lines[1])"])
    }

    @Test("says in JSON what tables say, and all of it")
    func json() throws {
        let text = try #require(run("--by", "model,status", "--json", file).printed.first)
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(report["by"] as? [String] == ["model", "status"])
        let groups = try #require(report["groups"] as? [[String: Any]])
        #expect(groups.count == 4)
        #expect(groups.map { $0["status"] as? Int } == [503, 200, 429, 200])
        #expect(groups.map { $0["model"] as? String } == [nil, "gpt-4o", "gpt-4o", "gpt-4o-mini"])
        #expect(groups.map { $0["cost_usd"] as? String } == [nil, "0.00075", nil, "0.1"])
        #expect(report["other"] is NSNull)
        let all = try #require(report["all"] as? [String: Any])
        #expect(all["requests"] as? Int == 4)
        #expect((all["duration_ms"] as? [String: Any])?["max"] as? Double == 30_000)
        #expect((all["usage"] as? [String: Any])?["input"] as? Int == 1100)
        #expect((report["not_records"] as? [String: Any])?["count"] as? Int == 1)

        let whole = try #require(run("--json", file).printed.first)
        let summary = try #require(
            JSONSerialization.jsonObject(with: Data(whole.utf8)) as? [String: Any])
        #expect(summary["first"] as? String == "2026-01-31T12:00:00.000000Z")
        for key in ["status", "decisions", "identity", "model", "route", "upstream", "client"] {
            #expect((summary[key] as? [String: Any])?["groups"] is [Any], "\(key)")
        }
    }

    @Test("reads several files as one log, the rotated ones too")
    func files() throws {
        try folder.write(Self.log, to: "activity.jsonl.20260131T120000Z")
        let outcome = run("--by", "route", file, folder.path("activity.jsonl.20260131T120000Z"))
        #expect(outcome.printed[0].contains("\nchat          6 "))
        #expect(
            outcome.complaints == [
                "sluice: 2 lines are no records; the first: \(file).20260131T120000Z:4: expected an object, found no record (column 1)"
            ])
    }

    @Test("of an empty log, or of nothing that is asked for, is no failure")
    func nothing() throws {
        try folder.write("", to: "empty")
        #expect(run(folder.path("empty")) == Outcome(printed: ["no records"]))
        #expect(run("--json", folder.path("empty")).code == 0)
        #expect(run("--slowest", "3", "--since", "1s", file).printed == ["no records"])
        #expect(run("--slowest", "3", "--since", "1s", "--json", file).printed == [])
        #expect(run("--by", "model", "--since", "1s", file).printed == ["no records"])
    }

    @Test("ends with 1 and the reason when a file cannot be read")
    func unreadable() throws {
        let missing = folder.path("none")
        #expect(
            run(file, missing)
                == Outcome(
                    code: 1,
                    complaints: [
                        "sluice: \(missing): the file cannot be read: No such file or directory"
                    ]))
        #expect(run(folder.path).complaints[0].hasSuffix("cannot be read: Is a directory"))
        try Data([0x1F, 0x8B, 8, 0, 0]).write(to: URL(fileURLWithPath: missing))
        #expect(
            run(missing)
                == Outcome(
                    code: 1,
                    complaints: [
                        "sluice: \(missing): the file is compressed; try: zcat FILE | sluice activity -"
                    ]))
    }

    @Test(
        "that is asked wrongly ends with 2, what was found and what was meant",
        arguments: [
            (
                ["--by", "modle"],
                #"--by: unknown field "modle"; did you mean "model"? (known: route, model, identity, status…)"#
            ),
            (["--by", ""], #"--by: unknown field """#),
            (
                ["--by", "duration_ms"],
                "--by: duration_ms has too many values to count by; expected one of route, "
            ),
            (["--slowest", "0"], #"--slowest: expected a number from 1 to 10000, found "0""#),
            (["--slowest", "ten"], #"--slowest: expected a number from 1 to 10000, found "ten""#),
            (["--top", "many"], #"--top: expected a number from 1 to 10000, found "many""#),
            (["--by", "model", "--sort", "cost"], #"--sort: expected one of requests, errors, "#),
            (["--sort", "p50"], "--sort needs --by"),
            (
                ["--by", "model", "--follow"],
                "--by and --follow are questions of their own: ask one at a time"
            ),
            (
                ["--top", "3", "--slowest", "3"],
                "--top goes with --by or with none, not with --slowest"
            ),
            (
                ["--slwest", "3"],
                #"unknown argument "--slwest"; did you mean "--slowest"?; see: sluice help activity"#
            ),
            (
                ["--statsu=429"],
                #"unknown argument "--statsu=429"; did you mean "--status"?; see: sluice help activity"#
            ),
            (
                ["--status", "x"],
                #"--status: expected a status such as 429, a class such as 5xx, or none, found "x""#
            ),
            (["--since", "1h", "--until", "2h"], "--until: expected a time behind --since, "),
            (
                ["--follow", "--until", "1h"],
                "--follow has no end; --until cannot be asked with it"
            ),
            (["--follow", "a", "b"], "--follow reads one file, found 2"),
            (["-", "-"], "standard input (-) can be read once"),
            (
                ["--admin", "127.0.0.1:1", "a"],
                #"--admin and a file are two sources, found "a": give one"#
            ),
            (["--admin", "127.0.0.1:1", "--follow"], "--follow reads a file, not --admin"),
            (["--token-file", "a"], "--token-file needs --admin"),
            (["--where"], "--where needs a value"),
        ])
    func wrong(words: [String], message: String) {
        let outcome = Locked(Outcome())
        let context = CommandContext(
            registry: PluginRegistry([]), environment: [:], commands: [ActivityCommand.self],
            output: { line in outcome.withLock { $0.printed.append(line) } },
            complaints: { line in outcome.withLock { $0.complaints.append(line) } })
        #expect(Sluice.run(["activity"] + words, context) == 2)
        let found = outcome.withLock { $0 }
        #expect(found.printed == [])
        #expect(found.complaints.count == 1)
        #expect(
            found.complaints.first?.hasPrefix("sluice: " + message) == true, "\(found.complaints)")
    }

    @Test("tells of every field and column in its help")
    func help() {
        let details = ActivityCommand.details
        for field in RecordField.all { #expect(details.contains(field.name)) }
        for column in TallyColumn.allCases { #expect(details.contains(column.rawValue)) }
        #expect(details.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }

    @Test("shows what clients send without letting it draw on the screen")
    func hostile() throws {
        try folder.write(
            #"{"time":"2026-01-31T12:00:00Z","model":"\u001b[2J\u202e","path":"/\u0007","identity":"\r\n","duration_ms":1}"#
                + "\n", to: "hostile")
        for words in [[], ["--by", "model,identity,path"], ["--slowest", "1"]] {
            let outcome = Locked(Outcome())
            let context = CommandContext(
                registry: PluginRegistry([]), environment: ["COLUMNS": "300"],
                commands: [ActivityCommand.self],
                output: { line in outcome.withLock { $0.printed.append(line) } },
                complaints: { line in outcome.withLock { $0.complaints.append(line) } })
            #expect(Sluice.run(["activity"] + words + [folder.path("hostile")], context) == 0)
            for line in outcome.withLock({ $0.printed }) {
                #expect(
                    line.unicodeScalars.allSatisfy {
                        $0 == "\n"
                            || $0.properties.generalCategory != .control
                                && $0.properties.generalCategory != .format
                    })
            }
        }
    }
}
