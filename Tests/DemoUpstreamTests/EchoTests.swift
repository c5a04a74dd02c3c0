import Testing

@Suite struct EchoTests {
    let upstream: RunningServer

    init() throws {
        upstream = try RunningServer()
    }

    @Test("the echo shows names, values, their order and repetitions as they came")
    func fields() throws {
        let answer = try upstream.answer(
            "GET", "/demo/echo?a=%2F&b",
            headers: ["X-One: 1", "x-ONE:2", "Empty:", "Padded:  two  words \t"])
        let object = try answer.object()
        #expect(object["method"] as? String == "GET")
        #expect(object["target"] as? String == "/demo/echo?a=%2F&b")
        #expect(object["version"] as? String == "HTTP/1.1")
        #expect(
            object["headers"] as? [[String]] == [
                ["Host", "demo"], ["X-One", "1"], ["x-ONE", "2"], ["Empty", ""],
                ["Padded", "two  words"],
            ])
        #expect(object["body_length"] as? Int == 0)
    }

    @Test(
        "any method and any body will do, and the body's length is told",
        arguments: [
            "POST", "PUT", "PATCH", "DELETE", "PURGE",
        ])
    func methods(method: String) throws {
        let body = String(repeating: "x", count: 300_000)
        let object = try upstream.answer(method, "/demo/echo", body: body).object()
        #expect(object["method"] as? String == method)
        #expect(object["body_length"] as? Int == 300_000)
    }

    @Test("a chunked body's length and trailers are told")
    func trailers() throws {
        let client = try upstream.connect()
        try client.send(
            """
            POST /demo/echo HTTP/1.1\r
            Host: demo\r
            Transfer-Encoding: chunked\r
            \r
            3\r\nabc\r\n2\r\nde\r\n0\r\nSum: 5\r\n\r\n
            """)
        let object = try client.answer().object()
        #expect(object["body_length"] as? Int == 5)
        #expect(object["trailers"] as? [[String]] == [["Sum", "5"]])
    }

    @Test("bytes beyond ASCII are shown as code points of the same numbers")
    func bytes() throws {
        let object = try upstream.answer("GET", "/demo/echo", headers: ["x: ü"]).object()
        #expect((object["headers"] as? [[String]])?.last == ["x", "\u{C3}\u{BC}"])
    }
}
