import PluginAPI

/// A model by one of its names, and what is charged for it.
final class PricedModel: Sendable {
    /// As a client or a provider writes it.
    let name: String
    /// Nil when nothing is known.
    let price: ModelPrice?
    let source: Cost.Source
    /// Its label in metrics: of these there are only as many as the file of prices has entries.
    let label: String

    static let unpricedLabel = "unpriced"

    init(name: String, price: ModelPrice?, source: Cost.Source, label: String) {
        self.name = name
        self.price = price
        self.source = source
        self.label = label
    }

    func isNamed(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        self.name.utf8.withContiguousStorageIfAvailable { ASCII.equals($0, name) } ?? false
    }
}
