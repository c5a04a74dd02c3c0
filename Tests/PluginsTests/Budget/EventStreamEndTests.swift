import PluginAPI
import Testing

@testable import Plugins

@Suite("Where an event stream can be ended")
struct EventStreamEndTests {
    private static let events = [
        "data: a\n\n", "data: b\r\n\r\n", ": c\n\n", "event: d\ndata: d\ndata: d\n\n",
    ]

    @Test("at the end of the event that has begun, however the stream is cut into runs")
    func cuts() {
        let text = Self.events.joined()
        let bytes = Array(text.utf8)
        var ends: Set<Int> = [0]
        for event in Self.events { ends.insert(ends.max()! + event.utf8.count) }
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var stream = EventStreamEnd()
                stream.follow(Array(bytes[..<first]).span)
                #expect(stream.isBetweenEvents == ends.contains(first), "\(first)")
                let run = Array(bytes[first..<second])
                let end = ends.filter { $0 >= first }.min()!
                let rest = stream.restOfEvent(in: run.span)
                #expect(rest == (end <= second ? end - first : nil), "\(first), \(second)")
            }
        }
    }
}
