import PluginAPI

/// Those who have asked for a reload and wait for what comes of it.
final class ReloadRequests: Sendable {
    private let waiting = Locked<[CheckedContinuation<ReloadResult, Never>]>([])
    private let wake: @Sendable () -> Void

    /// - Parameter wake: makes the thread that the server is used from call `reload`.
    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// Any thread.
    func reload() async -> ReloadResult {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append(continuation) }
            wake()
        }
    }

    /// Who asked before this is told the result that `body` comes to.
    func serve(_ body: () -> ReloadResult) {
        let served = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        let result = body()
        for continuation in served { continuation.resume(returning: result) }
    }
}
