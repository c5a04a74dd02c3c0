import CSystem
import PluginAPI

/// Counts of durations by size. One thread adds, any thread reads.
final class Histogram: @unchecked Sendable {
    /// Upper bounds in nanoseconds: twice to two and a half times the one before.
    static let bounds: [Int64] = [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
        300_000_000_000,
    ]

    /// One cell for each bound, one for what is above them, and the sum of all in nanoseconds.
    private let cells: UnsafeMutablePointer<UInt64>
    fileprivate static let cellCount = bounds.count + 2

    init() {
        cells = .allocate(capacity: Self.cellCount)
        cells.initialize(repeating: 0, count: Self.cellCount)
    }

    deinit { cells.deallocate() }

    func add(_ duration: Duration) { add(nanoseconds: duration.nanoseconds) }

    func add(nanoseconds: Int64) { writer.add(nanoseconds: nanoseconds) }

    /// For the thread that adds: it holds no reference, and must not be used after the histogram has gone.
    var writer: Writer { Writer(cells: cells) }

    struct Writer {
        fileprivate let cells: UnsafeMutablePointer<UInt64>

        func add(nanoseconds: Int64) {
            // Most hooks take less than the first bound.
            let cell = nanoseconds <= 1000 ? 0 : Histogram.cell(nanoseconds)
            sluice_counter_add(cells + cell, 1)
            sluice_counter_add(cells + Histogram.cellCount - 1, UInt64(max(0, nanoseconds)))
        }
    }

    fileprivate static func cell(_ nanoseconds: Int64) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if nanoseconds <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// What has been counted so far.
    var snapshot: HistogramSnapshot {
        var snapshot = HistogramSnapshot()
        add(to: &snapshot)
        return snapshot
    }

    /// Adds what has been counted so far.
    func add(to snapshot: inout HistogramSnapshot) {
        for index in 0...Self.bounds.count {
            snapshot.counts[index] += sluice_counter_load(cells + index)
        }
        snapshot.sum += sluice_counter_load(cells + Self.bounds.count + 1)
    }
}

/// A histogram as it was at one moment; several threads' can be added up.
struct HistogramSnapshot {
    var counts = [UInt64](repeating: 0, count: Histogram.bounds.count + 1)
    /// In nanoseconds.
    var sum: UInt64 = 0

    /// How many durations have been counted.
    var count: UInt64 { counts.reduce(0, +) }

    /// The bound below which so large a share of the durations lies; nil when nothing is counted, or
    /// where that bound is above all.
    func bound(ofQuantile share: Double) -> Duration? {
        let wanted = share * Double(count)
        var below = 0.0
        for (index, bound) in Histogram.bounds.enumerated() {
            below += Double(counts[index])
            if below >= wanted, below > 0 { return .nanoseconds(bound) }
        }
        return nil
    }

    static func += (left: inout Self, right: Self) {
        for index in left.counts.indices { left.counts[index] += right.counts[index] }
        left.sum += right.sum
    }
}
