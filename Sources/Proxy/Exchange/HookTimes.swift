/// What the hooks of each plugin of a chain took in one exchange.
final class HookTimes {
    private let nanoseconds: UnsafeMutablePointer<UInt32>
    /// Places below this may hold something.
    private var used = 0

    /// Plugins behind so many are not timed one by one.
    static let capacity = 64

    init() {
        nanoseconds = .allocate(capacity: Self.capacity)
        nanoseconds.initialize(repeating: 0, count: Self.capacity)
    }

    deinit { nanoseconds.deallocate() }

    @inline(__always)
    func add(_ time: Int64, at place: Int) {
        guard place < Self.capacity else { return }
        if place >= used { used = place + 1 }
        nanoseconds[place] &+= UInt32(truncatingIfNeeded: time)
    }

    func prefix(_ count: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: nanoseconds, count: min(count, Self.capacity))
    }

    func reset() {
        for place in 0..<used { nanoseconds[place] = 0 }
        used = 0
    }
}
