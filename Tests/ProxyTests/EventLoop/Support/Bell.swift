@testable import Proxy

/// A timer's target that does what it is told.
final class Bell: TimerTarget, @unchecked Sendable {
    private let body: () -> Void
    private(set) lazy var timer = LoopTimer(self)

    init(_ body: @escaping () -> Void) { self.body = body }

    func timerFired(_ timer: LoopTimer) { body() }
}
