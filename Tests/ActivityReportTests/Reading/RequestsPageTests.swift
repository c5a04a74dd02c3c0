import Testing

@testable import ActivityReport

@Suite("The admin listener's page of requests")
struct RequestsPageTests {
    private func read(_ text: String) throws(InputFailure) -> (RequestsPage, [Int64?]) {
        var statuses: [Int64?] = []
        let page = try Array(text.utf8).withUnsafeBufferPointer { bytes throws(InputFailure) in
            try RequestsPage(bytes, name: "page") { statuses.append($0.count(.status)) }
        }
        return (page, statuses)
    }

    @Test("gives the finished requests as records, whatever else is in it")
    func finished() throws {
        let (page, statuses) = try read(
            """
            {
              "extra": {"finished": [1]},
              "running": [{"a": [1, {}]}, {}],
              "finished": [
                {"time": "2026-01-31T12:00:01Z", "status": 200,
                 "hooks": [{"plugin": "a"}]},
                {"time": "2026-01-31T12:00:00Z", "status": 429}
              ]
            }
            """)
        #expect(statuses == [200, 429])
        #expect(page.running == 2)
        #expect(page.skipped.count == 0)
    }

    @Test("counts what is no record")
    func skipped() throws {
        let (page, statuses) = try read(
            #"{"finished":[{"status":1},5,{"time":"2026-01-31T12:00:00Z","status":2}],"running":[]}"#
        )
        #expect(statuses == [2])
        #expect(
            page.skipped.description
                == "2 lines are no records; the first: page: finished[0]: expected a \"time\" in the record, found the line's end (column 13)"
        )
    }

    @Test(
        "that is none is an error",
        arguments: [
            ("", "page: the answer is empty"),
            ("<html>", "page: expected an object, found <html> (column 1)"),
            (
                "{}",
                "page: expected a list \"finished\" in the page, found the line's end (column 3)"
            ),
            ("{\"finished\":5}", "page: expected a list, found 5} (column 13)"),
            ("{\"finished\":[", "page: expected a value, found the line's end (column 14)"),
        ])
    func wrong(text: String, message: String) {
        let error = #expect(throws: InputFailure.self) { try read(text) }
        #expect(error?.description == message)
    }
}
