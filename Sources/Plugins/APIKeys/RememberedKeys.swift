import PluginAPI

/// The keys that have been shown and are known, so that the next time none is hashed as dearly again.
///
/// Not the keys themselves are remembered, but their hashes under a secret that this process has made:
/// see docs/decisions/remembered-keys.md.
final class RememberedKeys: Sendable {
    private final class Key: Sendable {
        let hash: SipHash
        let grant: KeyGrant

        init(hash: SipHash, grant: KeyGrant) {
            self.hash = hash
            self.grant = grant
        }
    }

    private let table: KeyTable
    private let secret = SipHash.Secret.random()
    /// Never more than the table has, because only one text has a digest.
    private let known = Locked(HashIndex<Key>())

    init(_ table: KeyTable) { self.table = table }

    /// How many keys there are, seen or not.
    var count: Int { table.count }

    /// What the key gives; nil when it is not known.
    func grant(of key: UnsafeBufferPointer<UInt8>) -> KeyGrant? {
        let hash = SipHash(key, secret)
        if let key = known.withLock({ $0.first(hash.low) { $0.hash == hash } }) { return key.grant }
        guard let grant = table[SHA256(key)] else { return nil }
        known.withLock { known in
            if known.first(hash.low, where: { $0.hash == hash }) == nil {
                known.insert(Key(hash: hash, grant: grant), hash.low)
            }
        }
        return grant
    }
}
