import PluginAPI

/// The last requests of one worker, newest last. On its loop's thread.
struct RequestLog {
    /// How many are kept.
    static let capacity = 1000

    private var kept: ContiguousArray<SeenRequest> = []
    private var next = 0

    mutating func add(_ run: ExchangeRun) {
        if kept.count < Self.capacity { kept.append(SeenRequest()) }
        kept[next].take(run)
        next = next + 1 == Self.capacity ? 0 : next + 1
    }

    /// The last that fit, newest first.
    func newest(_ limit: Int, where fits: (SeenRequest) -> Bool) -> [SeenRequest] {
        var found: [SeenRequest] = []
        for age in 1...max(1, kept.count) where found.count < limit && !kept.isEmpty {
            let request = kept[(next - age + kept.count) % kept.count]
            if fits(request) { found.append(request) }
        }
        return found
    }

    /// From the oldest on.
    var all: [SeenRequest] {
        kept.count < Self.capacity ? Array(kept) : Array(kept[next...] + kept[..<next])
    }
}
