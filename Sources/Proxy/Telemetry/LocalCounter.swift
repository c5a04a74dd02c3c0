import CSystem

/// A number that one thread adds to and any thread reads, without a bus lock.
final class LocalCounter: @unchecked Sendable {
    private let cell: UnsafeMutablePointer<UInt64>

    init() {
        cell = .allocate(capacity: 1)
        cell.initialize(to: 0)
    }

    deinit { cell.deallocate() }

    func add(_ amount: Int = 1) { sluice_counter_add(cell, UInt64(bitPattern: Int64(amount))) }

    /// For the thread that adds: it holds no reference, and must not be used after the counter has gone.
    var writer: Writer { Writer(cell: cell) }

    struct Writer {
        fileprivate let cell: UnsafeMutablePointer<UInt64>

        func add() { sluice_counter_add(cell, 1) }
    }

    var value: UInt64 { sluice_counter_load(cell) }
}
