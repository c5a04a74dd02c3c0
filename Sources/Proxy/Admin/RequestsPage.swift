import PluginAPI

/// `/requests`: the requests under way, and the last that have ended, newest first.
enum RequestsPage {
    nonisolated(nonsending) static func answer(_ exchange: Exchange, _ sources: AdminSources) async
        -> LocalAnswer
    {
        let filter: RequestFilter
        do throws(RequestFilter.Problem) {
            filter = try RequestFilter(query: exchange.request.query?.string ?? "")
        } catch {
            return .json(400, ["error": .string(error.description)])
        }
        let (running, finished) = await requests(sources)
        let text = JSONBuffer(capacity: 1 << 16)
        text.append("{\"running\":[")
        append(running, filter, to: text)
        text.append("],\"finished\":[")
        append(finished, filter, to: text)
        text.append("]}\n")
        return .whole(
            Answer(
                headers: [("content-type", "application/json"), ("cache-control", "no-store")],
                body: Array(text.bytes)))
    }

    /// Of all workers, newest first.
    nonisolated(nonsending) static func requests(_ sources: AdminSources) async -> (
        running: [SeenRequest], finished: [SeenRequest]
    ) {
        let seen = await sources.gather { ($0.runningRequests, $0.requests.all) }
        func newestFirst(_ requests: [SeenRequest]) -> [SeenRequest] {
            requests.sorted { $0.beginning > $1.beginning }
        }
        return (
            newestFirst(seen.flatMap(\.0)),
            Array(newestFirst(seen.flatMap(\.1)).prefix(RequestLog.capacity))
        )
    }

    private static func append(
        _ requests: [SeenRequest], _ filter: RequestFilter, to text: JSONBuffer
    ) {
        var count = 0
        for request in requests where filter.matches(request) {
            if count == filter.limit { break }
            text.append(count == 0 ? "\n" : ",\n")
            request.append(to: text)
            count += 1
        }
    }
}
