import PluginAPI

/// How many there are of something, and when.
struct Extent {
    private(set) var count = 0
    private(set) var first: WallTime?
    private(set) var last: WallTime?

    mutating func add(_ time: WallTime) {
        count += 1
        first = first.map { min($0, time) } ?? time
        last = last.map { max($0, time) } ?? time
    }
}
