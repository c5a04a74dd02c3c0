import Testing

@testable import ActivityReport

@Suite("A record in a line")
struct RecordLineTests {
    private static let answered = #"""
        {"time":"2026-01-31T12:00:00.123456Z","request_id":"id-1","route":"chat","client":"203.0.113.7","identity":"team-a","method":"POST","path":"/v1/chat","status":200,"duration_ms":1834.201,"ttfb_ms":412.077,"model":"gpt-4o","usage":{"input":120,"output":310},"cost_usd":"0.000204"}
        """#
    private static let refused = #"""
        {"time":"2026-01-31T12:00:00.123456Z","request_id":"id-2","method":"GET","path":"/","status":429,"duration_ms":0.08,"decisions":[{"plugin":"a","decision":"refuse","reason":"over"}]}
        """#

    private func line(_ text: String, _ terminal: Terminal) -> [String] {
        read(text) { RecordLine.text($0, for: terminal) }
    }

    @Test("has what it has, and an identifier when something was wrong")
    func plain() {
        let terminal = Terminal(width: 80)
        #expect(
            line(Self.answered, terminal) == [
                "2026-01-31T12:00:00.123Z 200  1.83s POST /v1/chat route=chat model=gpt-4o identity=team-a client=203.0.113.7 ttfb=412ms input=120 output=310 cost_usd=0.000204"
            ])
        #expect(
            line(Self.refused, terminal) == [
                "2026-01-31T12:00:00.123Z 429 0.08ms GET / [a refuse over] request_id=id-2"
            ])
        #expect(
            line(#"{"time":"2026-01-31T12:00:00Z"}"#, terminal) == [
                "2026-01-31T12:00:00.000Z ---      - - -"
            ])
    }

    @Test("fits a terminal, and is coloured there by its outcome")
    func terminal() {
        let terminal = Terminal(width: 50, isColoured: true, isTerminal: true)
        #expect(
            line(Self.answered, terminal) == [
                "2026-01-31T12:00:00.123Z 200  1.83s POST /v1/chat…"
            ])
        #expect(
            line(Self.refused, terminal) == [
                "\u{1B}[33m2026-01-31T12:00:00.123Z 429 0.08ms GET / [a refu…\u{1B}[0m"
            ])
    }

    @Test("as JSON is one line, whatever lines it came in")
    func json() {
        let page = "{\"finished\":[{\"time\":\"2026-01-31T12:00:00Z\",\n  \"status\":\r\n200}]}"
        var lines: [String] = []
        Array(page.utf8).withUnsafeBufferPointer { bytes in
            _ = try? RequestsPage(bytes, name: "page") { lines.append(RecordLine.json($0)) }
        }
        #expect(lines == ["{\"time\":\"2026-01-31T12:00:00Z\",   \"status\": 200}"])
    }
}
