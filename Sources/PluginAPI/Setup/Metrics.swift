import Synchronization

/// Where a plugin makes its metrics. Names get the prefix `sluice_`; labels must be of bounded cardinality.
public protocol Metrics: Sendable {
    /// A number that only grows. Asking twice for one name and labels gives the same counter, so that
    /// a count goes on after a reload.
    /// - Parameter decimals: of what it counts, so many powers of ten make one: with 12, pico-dollars
    ///   are shown as dollars, exactly. 0 to 18.
    func counter(_ name: String, _ help: String, labels: [(String, String)], decimals: Int)
        -> Counter

    /// A number that is read when someone asks for the metrics. A later one of the same name and
    /// labels takes the place of the earlier; it is shown while the configuration is in force whose
    /// instance made it.
    func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double)
}

extension Metrics {
    public func counter(_ name: String, _ help: String, labels: [(String, String)]) -> Counter {
        counter(name, help, labels: labels, decimals: 0)
    }
}

/// A number that only grows, safe to add to from any thread.
public final class Counter: Sendable {
    private let storage = Atomic<UInt64>(0)

    public init() {}

    public var value: UInt64 { storage.load(ordering: .relaxed) }

    public func add(_ amount: Int = 1) {
        storage.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }
}
