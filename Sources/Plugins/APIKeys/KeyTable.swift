import PluginAPI

/// The keys by their digests.
///
/// How long a look-up takes may tell how far the digest of a guess is like one in the table. That helps
/// nobody: whoever could choose the digest of what he sends could compute the key from the hash. The
/// digests themselves are compared in constant time all the same (`SHA256.==`).
struct KeyTable: Sendable {
    private static let mostErrors = 10

    private var grants: [SHA256: KeyGrant]

    /// - Parameter file: the file of those records that are lines.
    /// - Throws: `ConfigurationError`: a key that stands twice.
    init(_ records: [KeyRecord], file: KeyFile?) throws(ConfigurationError) {
        grants = Dictionary(minimumCapacity: records.count)
        var errors: [ConfigurationError] = []
        for record in records where grants.updateValue(record.grant, forKey: record.digest) != nil {
            guard errors.count < Self.mostErrors else { break }
            let first = records.first { $0.digest == record.digest }
            errors.append(Self.duplicate(record.place, of: first?.place ?? record.place, file))
        }
        guard errors.isEmpty else { throw ConfigurationError(errors) }
    }

    var count: Int { grants.count }

    subscript(digest: SHA256) -> KeyGrant? { grants[digest] }

    private static func duplicate(
        _ place: KeyRecord.Place, of first: KeyRecord.Place, _ file: KeyFile?
    ) -> ConfigurationError {
        let path = file?.path ?? ""
        let before =
            switch first {
            case .element(let index): "keys[\(index)]"
            case .line(let number): "\(path):\(number)"
            }
        let message = "the same key stands at \(before) already; take one of them out"
        return switch place {
        case .element(let index): ConfigurationError(setting: "keys[\(index)].hash", message)
        case .line(let number):
            ConfigurationError(setting: file?.setting ?? "", "\(path):\(number):1: \(message)")
        }
    }
}
