/// The admin listener's page of requests: `{"running": […], "finished": […]}`, whose finished ones
/// have the keys of activity records, and perhaps more.
package struct RequestsPage {
    /// How many requests have begun and not ended.
    package private(set) var running = 0
    /// Finished requests that are no records.
    package private(set) var skipped = SkippedLines()

    /// - Parameters:
    ///   - name: where it comes from, in messages.
    ///   - body: called with each finished request, in the page's order: the newest first.
    /// - Throws: `InputFailure` for what is no such page.
    package init(
        _ page: UnsafeBufferPointer<UInt8>, name: String, _ body: (ActivityRecord) -> Void
    ) throws(InputFailure) {
        guard !page.isEmpty else { throw InputFailure("\(name): the answer is empty") }
        var cursor = JSONCursor(page)
        var hasFinished = false
        do throws(JSONCursor.Fault) {
            cursor.skipSpace()
            var members = try cursor.members()
            while let key = try members.next(&cursor) {
                let key = RecordText(bytes: key.bytes)
                if key == "finished" {
                    hasFinished = true
                    try read(&cursor, name, body)
                } else if key == "running", cursor.byte == UInt8(ascii: "[") {
                    var elements = try cursor.elements()
                    while try elements.next(&cursor) {
                        try cursor.skipValue()
                        running += 1
                    }
                } else {
                    try cursor.skipValue()
                }
            }
            guard hasFinished else { throw cursor.fault("a list \"finished\" in the page") }
        } catch {
            let problem = RecordProblem(key: nil, expected: error.expected, offset: error.offset)
            throw InputFailure("\(name): \(problem.description(in: page))")
        }
    }

    private mutating func read(
        _ cursor: inout JSONCursor, _ name: String, _ body: (ActivityRecord) -> Void
    ) throws(JSONCursor.Fault) {
        let record = ActivityRecord()
        var scanner = RecordScanner()
        var elements = try cursor.elements()
        var number = 0
        while try elements.next(&cursor) {
            let start = cursor.position
            try cursor.skipValue()
            let object = UnsafeBufferPointer(start: start, count: cursor.position - start)
            do throws(RecordProblem) {
                try scanner.scan(object, into: record)
                body(record)
            } catch {
                skipped.add { "\(name): finished[\(number)]: \(error.description(in: object))" }
            }
            number += 1
        }
    }
}
