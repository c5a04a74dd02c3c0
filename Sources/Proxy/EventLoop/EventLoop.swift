import CSystem
import Glibc
import PluginAPI
import Synchronization

/// One thread's epoll, timers and work queue.
///
/// Everything that a connection or a transfer does happens on its loop's thread, so none of it is
/// locked. What other threads want done is handed over with `submit`, or by a task that runs with
/// the loop as its executor.
///
/// A turn: wait for events, hand them out, run due timers, run submitted work, then the participants'
/// `turnEnded`, which is where writes are gathered into one system call.
package final class EventLoop: @unchecked Sendable, TaskExecutor {
    private let epoll: Int32
    private let wakeUp: Int32
    private var sources: ContiguousArray<Registration> = []
    private var ready: [epoll_event]
    private var participants: [any TurnParticipant] = []
    /// What other threads have handed over.
    private let inbox = Locked(Inbox())
    /// What this thread has handed to itself; no lock.
    private var own: ContiguousArray<Work> = []
    private var running: ContiguousArray<Work> = []
    /// The thread that runs the loop; 0 while none does.
    private let thread = Atomic<UInt>(0)
    private var isStopping = false

    package let timers: TimerWheel
    package let time: any TimeSource

    /// The time at the start of this turn's events. One clock reading serves the whole turn.
    package private(set) var now: MonotonicTime
    /// The calendar's time of this turn.
    package private(set) var wall: WallTime

    private enum Work {
        case job(UnownedJob)
        case closure(() -> Void)
    }

    private struct Inbox {
        var work: ContiguousArray<Work> = []
        var isSignalled = false
    }

    private struct Registration {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
        var isActive = false
    }

    /// - Throws: `SystemError` when the kernel gives no epoll or eventfd.
    package init(time: any TimeSource = SystemTime()) throws {
        epoll = try SystemError.check("epoll_create1", epoll_create1(Int32(EPOLL_CLOEXEC)))
        wakeUp = try SystemError.check("eventfd", eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))
        self.time = time
        now = time.monotonic
        wall = time.wall
        timers = TimerWheel(start: now)
        ready = Array(repeating: epoll_event(), count: 256)
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64.max))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event)
    }

    deinit {
        close(wakeUp)
        close(epoll)
    }

    // MARK: - Descriptors

    /// Watches a descriptor. The handler is kept alive until `unregister`.
    package func register(_ descriptor: Int32, _ events: Events, _ handler: any EventHandler) {
        let index = Int(descriptor)
        while sources.count <= index { sources.append(Registration()) }
        sources[index].generation &+= 1
        sources[index].handler = handler
        sources[index].isActive = true
        control(EPOLL_CTL_ADD, descriptor, events)
    }

    package func modify(_ descriptor: Int32, _ events: Events) {
        control(EPOLL_CTL_MOD, descriptor, events)
    }

    /// Stops watching. Events of this turn that are still to be handed out are dropped.
    package func unregister(_ descriptor: Int32) {
        forget(descriptor)
        control(EPOLL_CTL_DEL, descriptor, [])
    }

    /// The same for a descriptor that has been closed, which the kernel has already let go.
    package func forget(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < sources.count else { return }
        sources[index].handler = nil
        sources[index].generation &+= 1
        sources[index].isActive = false
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: Events) {
        let tag =
            UInt64(sources[Int(descriptor)].generation) << 32
            | UInt64(UInt32(bitPattern: descriptor))
        var event = epoll_event(events: events.rawValue, data: epoll_data_t(u64: tag))
        epoll_ctl(epoll, operation, descriptor, &event)
    }

    // MARK: - Work

    /// Adds something that is to run at the end of each turn.
    package func addParticipant(_ participant: any TurnParticipant) {
        participants.append(participant)
    }

    package var isCurrent: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    /// Runs `work` on the loop's thread, in a later part of this turn or in the next. Any thread.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        submit(.closure(work))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    private func submit(_ work: Work) {
        if isCurrent {
            own.append(work)
            return
        }
        let mustSignal = inbox.withLock { inbox in
            inbox.work.append(work)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustSignal { eventfd_write(wakeUp, 1) }
    }

    private func runWork() {
        while !own.isEmpty {
            swap(&own, &running)
            for work in running {
                switch work {
                case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
                case .closure(let body): body()
                }
            }
            running.removeAll(keepingCapacity: true)
        }
    }

    private func takeInbox() {
        var value: eventfd_t = 0
        eventfd_read(wakeUp, &value)
        inbox.withLock { inbox in
            own.append(contentsOf: inbox.work)
            inbox.work.removeAll(keepingCapacity: true)
            inbox.isSignalled = false
        }
    }

    // MARK: - Running

    /// Runs on the calling thread until `stop`.
    package func run() {
        thread.store(pthread_self(), ordering: .relaxed)
        while !isStopping { turn() }
        thread.store(0, ordering: .relaxed)
    }

    /// Runs on the calling thread until something holds, asked before each turn. Events must keep coming until
    /// it does.
    package func run(until isDone: () -> Bool) {
        thread.store(pthread_self(), ordering: .relaxed)
        while !isDone() { turn() }
        thread.store(0, ordering: .relaxed)
    }

    /// Runs turns on the calling thread, without waiting for anything, until something holds or nothing is left
    /// to do. For time that does not pass by itself: whatever is to happen is already there.
    package func settle(until isDone: () -> Bool = { false }) {
        thread.store(pthread_self(), ordering: .relaxed)
        while turn(waits: false), !isDone() {}
        thread.store(0, ordering: .relaxed)
    }

    /// Takes over the time between two turns.
    package func readClocks() {
        now = time.monotonic
        wall = time.wall
    }

    /// Ends `run` after the present turn. Any thread.
    package func stop() {
        submit { self.isStopping = true }
    }

    /// - Returns: whether there was something to do.
    @discardableResult
    private func turn(waits: Bool = true) -> Bool {
        let hadWork = !own.isEmpty || needsTurn
        let count = epoll_wait(
            epoll, &ready, Int32(ready.count), waits && own.isEmpty ? waitingTime() : 0)
        readClocks()
        if count > 0 {
            for index in 0..<Int(count) { handOut(ready[index]) }
        }
        timers.advance(to: now)
        runWork()
        // A participant may give another one work (a transfer ends, so an answer is to be written).
        var rounds = 0
        repeat {
            var isBusy = false
            for participant in participants where participant.turnEnded() { isBusy = true }
            if !own.isEmpty {
                runWork()
                isBusy = true
            }
            rounds += 1
            if !isBusy { break }
        } while rounds < 8
        needsTurn = rounds == 8
        return hadWork || count > 0 || rounds > 1
    }

    private var needsTurn = false

    private func waitingTime() -> Int32 {
        if needsTurn {
            needsTurn = false
            return 0
        }
        guard let next = timers.nextTick else { return -1 }
        let wait = (next - time.monotonic).nanoseconds
        return wait <= 0 ? 0 : Int32(clamping: (wait + 999_999) / 1_000_000)
    }

    private func handOut(_ event: epoll_event) {
        if event.data.u64 == UInt64.max { return takeInbox() }
        let descriptor = Int(event.data.u64 & 0xFFFF_FFFF)
        let registration = sources[descriptor]
        guard registration.isActive, registration.generation == UInt32(event.data.u64 >> 32) else {
            return
        }
        registration.handler?.ready(Int32(descriptor), Events(rawValue: event.events))
    }
}

/// Who is told that a descriptor is ready. On the loop's thread.
package protocol EventHandler: AnyObject {
    func ready(_ descriptor: Int32, _ events: Events)
}

/// Who does something once a turn, after its events.
package protocol TurnParticipant: AnyObject {
    /// - Returns: whether there was something to do, so that the others may have to be asked again.
    func turnEnded() -> Bool
}

/// What a descriptor is ready for, or is to be watched for.
package struct Events: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Events(rawValue: EPOLLIN.rawValue)
    package static let writable = Events(rawValue: EPOLLOUT.rawValue)
    package static let peerClosed = Events(rawValue: EPOLLRDHUP.rawValue)
    package static let failed = Events(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    package static let edgeTriggered = Events(rawValue: EPOLLET.rawValue)
}
