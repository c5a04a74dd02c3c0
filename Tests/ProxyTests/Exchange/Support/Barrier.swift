/// Where hooks wait until the test lets them go on.
final class Barrier: Sendable {
    private struct State {
        var isOpen = false
        var suspended: [UnsafeContinuation<Void, Never>] = []
        var passed = 0
    }

    private let state = Watched(State())

    /// Suspends the task until it opens, even when it is open already.
    nonisolated(nonsending) func pass() async {
        await withUnsafeContinuation { continuation in
            let goesOn = state.change { state in
                state.passed += 1
                if !state.isOpen { state.suspended.append(continuation) }
                return state.isOpen
            }
            if goesOn { continuation.resume() }
        }
    }

    /// Blocks the thread until it opens.
    func block() throws {
        state.change { $0.passed += 1 }
        try state.wait(for: "the barrier to open") { $0.isOpen }
    }

    /// Waits until so many have come to it.
    func reached(by count: Int = 1) throws {
        try state.wait(for: "\(count) at the barrier") { $0.passed >= count }
    }

    /// Lets everyone go on, from the calling thread.
    func open() {
        let suspended = state.change { state in
            state.isOpen = true
            defer { state.suspended = [] }
            return state.suspended
        }
        for continuation in suspended { continuation.resume() }
    }

    deinit { open() }
}
