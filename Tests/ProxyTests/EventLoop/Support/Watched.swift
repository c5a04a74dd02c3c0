import Glibc

/// A value that other threads change and a test waits on.
///
/// Waiting blocks the thread: what a test of the engine waits for happens on threads of its own, never
/// on the pool that tests run on.
final class Watched<Value>: @unchecked Sendable {
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    var current: Value { change { $0 } }

    /// Changes the value, and wakes those who wait.
    func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Waits until `isReached` holds.
    /// - Parameter what: what is waited for, as the failure names it.
    /// - Returns: the value at that moment.
    /// - Throws: `Impatience` when that takes longer than `patience`.
    @discardableResult
    func wait(
        for what: String, patience: Duration = .seconds(10), until isReached: (Value) -> Bool
    ) throws -> Value {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + Int(patience.nanoseconds)
        deadline.tv_sec += nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReached(value) {
            guard pthread_cond_timedwait(condition, mutex, &deadline) != ETIMEDOUT else {
                if isReached(value) { break }
                throw Impatience(
                    description: "waited \(patience) for \(what); it stands at \(value)")
            }
        }
        return value
    }
}

/// What was waited for did not happen.
struct Impatience: Error, CustomStringConvertible {
    let description: String
}
