import PluginAPI

/// The last requests, of all workers, that somebody may ask about.
struct DashboardRequests {
    private static let limit = 25

    /// Refused by a plugin; newest first.
    let refused: [SeenRequest]
    /// Come to nothing otherwise; newest first.
    let failed: [SeenRequest]

    nonisolated(nonsending) init(_ sources: AdminSources) async {
        let seen = await sources.gather { worker in
            (
                worker.requests.newest(Self.limit, where: \.isRefused),
                worker.requests.newest(Self.limit, where: \.hasFailed)
            )
        }
        func newest(_ requests: [SeenRequest]) -> [SeenRequest] {
            Array(requests.sorted { $0.beginning > $1.beginning }.prefix(Self.limit))
        }
        refused = newest(seen.flatMap(\.0))
        failed = newest(seen.flatMap(\.1))
    }

    static func json(_ requests: [SeenRequest]) -> [UInt8] {
        let text = JSONBuffer(capacity: 1 << 14)
        text.append("[")
        for (index, request) in requests.enumerated() {
            if index > 0 { text.append(",") }
            request.append(to: text)
        }
        text.append("]")
        return Array(text.bytes)
    }
}
