import PluginAPI

/// Those that no exchange has at present. They are large, and made for few of the requests.
///
/// Unchecked: each is in use by one exchange at most.
final class SpareMeterings: @unchecked Sendable {
    /// So many stay ready. In a busy moment there may be as many as there are exchanges.
    private static let kept = 256

    private let prices: ModelPrices
    private let spare = Locked<[Metering]>([])

    init(_ prices: ModelPrices) { self.prices = prices }

    func take() -> Metering { spare.withLock { $0.popLast() } ?? Metering(prices) }

    func putBack(_ metering: Metering) {
        spare.withLock { if $0.count < Self.kept { $0.append(metering) } }
    }
}
