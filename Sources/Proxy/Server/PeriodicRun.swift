import PluginAPI

/// Does something every so often on one worker's loop, for as long as whom it is for exists.
///
/// For a plugin that is its generation: it goes on through the last exchanges of a replaced one, because
/// what those leave behind is to be reported too.
final class PeriodicRun: TimerTarget {
    private let action: () -> Void
    private let interval: Duration
    private weak var owner: AnyObject?
    private unowned let worker: Worker
    private var timer: LoopTimer!

    init(
        every interval: Duration, for owner: AnyObject, on worker: Worker,
        _ action: @escaping () -> Void
    ) {
        self.action = action
        self.interval = max(interval, .milliseconds(100))
        self.owner = owner
        self.worker = worker
        timer = LoopTimer(self)
        // The first time at once: after a reload what is shared is to be known before it is needed.
        worker.loop.timers.set(timer, at: worker.loop.now)
    }

    func cancel() { worker.loop.timers.cancel(timer) }

    func timerFired(_ timer: LoopTimer) {
        guard owner != nil else { return worker.ended(self) }
        worker.loop.timers.set(timer, at: worker.loop.now + interval)
        action()
    }
}
