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

    /// From the oldest on.
    var all: [SeenRequest] {
        kept.count < Self.capacity ? Array(kept) : Array(kept[next...] + kept[..<next])
    }
}
