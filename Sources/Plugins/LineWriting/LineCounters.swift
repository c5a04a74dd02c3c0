import PluginAPI

/// What becomes of lines, in numbers: each is counted in one of these once that is decided.
struct LineCounters: Sendable {
    let written: Counter
    /// Dropped: the queue was full, because the sink was slower than the requests.
    let full: Counter
    /// Dropped: the sink failed until the queue was full, or until the end.
    let failed: Counter
    /// Dropped: whoever is behind the sink would not have them.
    var rejected = Counter()

    /// For whatever reason.
    var dropped: Int { Int(full.value + failed.value + rejected.value) }
}
