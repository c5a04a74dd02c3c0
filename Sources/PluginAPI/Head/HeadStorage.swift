/// The memory of one message head: the received bytes, and behind them what plugins add.
///
/// It only grows while a head is in use, so that ranges stay valid, and is emptied between heads.
public final class HeadStorage {
    // Invariant: 0 <= count <= capacity, the bytes that `base` points to.
    // Unchecked, here and below: no code of others runs while one of these is modified.
    @exclusivity(unchecked)
    @usableFromInline package internal(set) var base: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked)
    @usableFromInline package internal(set) var capacity: Int
    @exclusivity(unchecked)
    @usableFromInline package internal(set) var count = 0

    @usableFromInline static let initialCapacity = 1024

    package init() {
        capacity = Self.initialCapacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    @inlinable
    func byte(at offset: Int) -> UInt8 {
        precondition(offset < capacity, "a head's bytes were read after the exchange completed")
        return base[offset]
    }

    @inlinable
    package func slice(_ range: ByteRange) -> UnsafeBufferPointer<UInt8> {
        precondition(
            range.end <= capacity,
            "a head's bytes were read after the exchange completed")
        return UnsafeBufferPointer(start: base + range.offset, count: range.count)
    }

    @inlinable
    package func reserve(_ additional: Int) {
        guard count + additional > capacity else { return }
        let grown = max(capacity * 2, count + additional)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: grown)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = grown
    }

    @inlinable
    package func append(_ bytes: UnsafeBufferPointer<UInt8>) -> ByteRange {
        // The source may be this storage itself, which growing would free under it.
        let inside =
            bytes.baseAddress.map {
                $0 >= UnsafePointer(base) && $0 < UnsafePointer(base + capacity)
            } ?? false
        let offset = inside ? bytes.baseAddress! - UnsafePointer(base) : 0
        reserve(bytes.count)
        let source = inside ? UnsafePointer(base + offset) : bytes.baseAddress
        if let source { (base + count).update(from: source, count: bytes.count) }
        defer { count += bytes.count }
        return ByteRange(offset: count, count: bytes.count)
    }

    /// Forgets the bytes; memory that an unusually large head took is given back.
    package func removeAll() {
        count = 0
        if capacity > 8 * Self.initialCapacity {
            base.deallocate()
            capacity = Self.initialCapacity
            base = .allocate(capacity: capacity)
        }
    }
}
