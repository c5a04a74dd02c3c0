import PluginAPI

/// What one open dashboard is sent, as server-sent events (HTML Standard §9.2): `history`, the last ten
/// minutes, and then twice a second a `sample` of what has come since: so what is shown is never a second old.
///
/// It ends when another configuration is in force, so that it does not keep the old one's plugins
/// running; the page then asks anew.
final class DashboardStream {
    private let generation: Generation
    private let sources: AdminSources
    /// The first second that has not been sent.
    private var next = 0
    /// How many series have been described.
    private var described = 0
    /// What was sent last of each table.
    private var sent: [String: [UInt8]] = [:]

    init(_ generation: Generation, _ sources: AdminSources) {
        self.generation = generation
        self.sources = sources
    }

    static func answer(_ exchange: Exchange, _ generation: Generation, _ sources: AdminSources)
        -> LocalAnswer
    {
        let stream = DashboardStream(generation, sources)
        return .stream(
            headers: [
                ("content-type", "text/event-stream"), ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
            ],
            every: .milliseconds(500), piece: { await stream.piece() })
    }

    /// What has not been sent yet; nil when the stream is to end.
    nonisolated(nonsending) func piece() async -> [UInt8]? {
        guard generation.number >= sources.status.generation else { return nil }
        let requests = await DashboardRequests(sources)
        let text = JSONBuffer(capacity: 1 << 14)
        // To a client that has not read for so long, it is all new.
        if next == 0 || sources.history.seconds.lowerBound > next { appendHistory(to: text) }
        appendSample(requests, to: text)
        return Array(text.bytes)
    }

    private func appendHistory(to text: JSONBuffer) {
        text.append("event: history\ndata: ")
        sources.history.append(to: text)
        text.append("\n\n")
        next = sources.history.count
        described = sources.history.series.count
    }

    private func appendSample(_ requests: DashboardRequests, to text: JSONBuffer) {
        text.append("event: sample\ndata: {\"time\":")
        text.appendNumber(Int(sources.time.wall.microseconds / 1000))
        let history = sources.history
        text.append(",\"series\":[")
        history.appendDescriptions(of: described..<history.series.count, to: text)
        text.append("],\"points\":[")
        history.appendPoints(next..<history.count, to: text)
        text.append("]")
        next = history.count
        described = history.series.count
        let tables = DashboardTables(generation, sources, requests)
        for (name, bytes) in tables.all where sent[name] != bytes {
            text.append(",\"")
            text.appendVerbatim(name)
            text.append("\":")
            bytes.withUnsafeBufferPointer { text.append($0) }
            sent[name] = bytes
        }
        text.append("}\n\n")
    }
}
