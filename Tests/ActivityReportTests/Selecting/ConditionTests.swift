import Foundation
import PluginAPI
import Proxy
import Testing

@testable import ActivityReport

@Suite("A condition")
struct ConditionTests {
    private static let record = #"""
        {"time":"2026-01-31T12:00:00Z","route":"chat","identity":null,"model":"gpt-4o-mini","status":429,"duration_ms":1834.201,"stream":true,"cost_usd":"0.25","usage":{"input":120},"decisions":[{"plugin":"ip-limiter","decision":"refuse","reason":"rate_limit_exceeded"},{"plugin":"strict","decision":"observed","reason":"over"}]}
        """#
    private static let bare = #"{"time":"2026-01-31T12:00:00Z"}"#

    private func holds(_ conditions: [String], _ line: String = record) throws -> Bool {
        let filter = RecordFilter(conditions: try conditions.map { try Condition($0) })
        let seen = read(line) { filter.matches($0) }
        return seen == [true]
    }

    @Test(
        "holds",
        arguments: [
            ["route=chat"], ["route!=rest"], ["model=gpt-4o*"], ["model=*mini"],
            ["model!=gpt-4o"], ["identity=none"], ["route!=none"], ["status=429"], ["status!=200"],
            ["status=4xx"], ["class=4xx"], ["status>=400"], ["status<500"], ["status>428"],
            ["status<=429"], ["duration_ms>1834"], ["duration_ms>=1834.201"], ["duration_ms<2s"],
            ["duration_ms>1500ms"],
            ["stream=true"], ["stream!=false"], ["stream!=none"], ["cost_usd=0.250"],
            ["cost_usd<0.250000000001"], ["cost_usd!=none"], ["input=120"], ["output=none"],
            ["plugin=ip-limiter"], ["plugin=strict"], ["decision=observed"], ["reason=over"],
            ["plugin=strict", "reason=over"], ["status=200", "status=429"],
            ["status=5xx", "status=429", "route=chat"], ["attempts=none"],
        ])
    func holding(conditions: [String]) throws {
        #expect(try holds(conditions))
    }

    @Test(
        "does not hold",
        arguments: [
            ["route=rest"], ["route!=chat"], ["route=none"], ["route=cha"], ["model=gpt"],
            ["identity!=none"], ["identity=team-a"], ["status=200"], ["status!=429"],
            ["status=5xx"], ["status!=4xx"], ["status>429"], ["status<429"], ["status=none"],
            ["duration_ms>1834.201"], ["duration_ms>2s"], ["stream=false"], ["stream=none"],
            ["cost_usd>0.25"], ["cost_usd=none"], ["output>0"], ["output<5"], ["plugin=budget"],
            ["plugin=none"], ["plugin=ip-limiter", "reason=over"], ["route=chat", "status=200"],
            ["status=429", "status!=4xx"],
        ])
    func notHolding(conditions: [String]) throws {
        #expect(try !holds(conditions))
    }

    @Test("of a record without a value holds for none and for what is not equal")
    func withoutValue() throws {
        for field in ["route", "status", "class", "duration_ms", "cost_usd", "plugin", "decision"] {
            #expect(try holds(["\(field)=none"], Self.bare))
            #expect(try !holds(["\(field)!=none"], Self.bare))
        }
        #expect(try holds(["route!=chat"], Self.bare))
        #expect(try holds(["status!=200"], Self.bare))
        #expect(try holds(["stream!=true"], Self.bare))
        #expect(try holds(["plugin!=strict"], Self.bare))
        #expect(try !holds(["status<500"], Self.bare))
    }

    @Test(
        "that is wrong says what was found, what was expected and what was probably meant",
        arguments: [
            (
                "status",
                #"--where: expected a condition such as status=429, model!=none or duration_ms>2000, found "status""#
            ),
            (
                "staus=429",
                #"--where: unknown field "staus"; did you mean "status"? (known: route, model, identity, status…)"#
            ),
            (
                "status=4x9",
                #"--where status: expected a status such as 429, a class such as 5xx, or none, found "4x9""#
            ),
            ("class=429", #"--where class: expected a class such as 5xx, or none, found "429""#),
            ("status>5xx", #"--where status: expected = or !=, found ">" with "5xx""#),
            ("identity>a", #"--where identity: expected = or !=, found ">""#),
            (
                "duration_ms>fast",
                #"--where duration_ms: expected milliseconds such as 2000, a duration such as 2s, or none, found "fast""#
            ),
            (
                "cost_usd>$1",
                #"--where cost_usd: expected an amount of US dollars such as 0.25, or none, found "$1""#
            ),
            ("input=-1", #"--where input: expected a whole number or none, found "-1""#),
            (
                "aborted=clent",
                #"--where aborted: expected one of client, upstream, proxy, none, found "clent"; did you mean client?"#
            ),
            (
                "decision=refused",
                #"--where decision: expected one of refuse, answer, observed, failed, none, found "refused"; did you mean refuse?"#
            ),
            ("stream=yes", #"--where stream: expected one of true, false, none, found "yes""#),
            (
                "route=",
                #"--where route: expected a value, a pattern such as gpt-4o*, or none, found """#
            ),
            (
                "hour=12",
                "--where: hour is a part of the calendar: choose by --since and --until"
            ),
        ])
    func wrong(condition: String, message: String) {
        let error = #expect(throws: CommandLineError.self) { try Condition(condition) }
        #expect(error?.description == message)
    }

    @Test("of time takes the beginning and leaves the end")
    func time() throws {
        let noon = try #require(WallTime(rfc3339: "2026-01-31T12:00:00Z"))
        let later = WallTime(microseconds: noon.microseconds + 1)
        #expect(read(Self.bare) { RecordFilter(since: noon).matches($0) } == [true])
        #expect(read(Self.bare) { RecordFilter(since: later).matches($0) } == [false])
        #expect(read(Self.bare) { RecordFilter(until: later).matches($0) } == [true])
        #expect(read(Self.bare) { RecordFilter(until: noon).matches($0) } == [false])
    }
}
