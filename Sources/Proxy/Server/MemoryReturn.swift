import CSystem

/// Gives memory that a burst has taken back to the system, once it is quiet.
///
/// The allocator keeps what lies between blocks that are still in use, which after some thousand requests at
/// once is most of it. To look through all of it takes milliseconds, so it is done when nobody waits.
struct MemoryReturn {
    private let store: MetricsStore
    private let giveBack: () -> Void
    private var ended: UInt64 = 0
    private var isDue = false

    /// So few requests since the last look are quiet.
    private static let quiet: UInt64 = 100
    static let interval = Duration.seconds(10)

    init(_ store: MetricsStore, giveBack: @escaping () -> Void = { sluice_return_memory() }) {
        self.store = store
        self.giveBack = giveBack
    }

    /// To be called once in each interval.
    mutating func look() {
        let now = store.contents.withLock { $0.workers.reduce(0) { $0 + $1.requestsEnded.value } }
        defer { ended = now }
        if now - ended > Self.quiet {
            isDue = true
        } else if isDue {
            isDue = false
            giveBack()
        }
    }
}
