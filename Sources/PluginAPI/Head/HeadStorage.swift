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

    /// Adds a field's line as it is written to a peer, so that lines that are added one after the other can
    /// be copied there in one go. Name and value may stand in this storage.
    /// - Returns: where the name and the value are in it.
    func appendLine(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>)
        -> (name: ByteRange, value: ByteRange)
    {
        let valueOffset = mayGrow(by: name.count + value.count + 4) ? offset(of: value) : nil
        return appendLine(name, atMost: value.count) { memory in
            guard let source = valueOffset.map({ UnsafePointer(base + $0) }) ?? value.baseAddress
            else { return 0 }
            memory.baseAddress!.update(from: source, count: value.count)
            return value.count
        }
    }

    /// The same with a value that is written in its place.
    /// - Parameters:
    ///   - bound: the most bytes that it can have.
    ///   - write: returns how many it has.
    @inline(__always)
    func appendLine(
        _ name: UnsafeBufferPointer<UInt8>, atMost bound: Int,
        _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) -> (name: ByteRange, value: ByteRange) {
        let nameOffset = mayGrow(by: name.count + bound + 4) ? offset(of: name) : nil
        reserve(name.count + bound + 4)
        let start = base + count
        start.update(
            from: nameOffset.map { UnsafePointer(base + $0) } ?? name.baseAddress!,
            count: name.count)
        start[name.count] = UInt8(ascii: ":")
        start[name.count + 1] = UInt8(ascii: " ")
        let value = start + name.count + 2
        let length = write(UnsafeMutableBufferPointer(start: value, count: bound))
        precondition(length <= bound, "a field that is longer than its memory")
        value[length] = UInt8(ascii: "\r")
        value[length + 1] = UInt8(ascii: "\n")
        let nameRange = ByteRange(offset: count, count: name.count)
        let valueRange = ByteRange(offset: count + name.count + 2, count: length)
        count += name.count + length + 4
        return (nameRange, valueRange)
    }

    private func mayGrow(by additional: Int) -> Bool { count + additional > capacity }

    /// Where bytes of this storage stand in it, which growing moves; nil for others.
    private func offset(of bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let start = bytes.baseAddress, start >= UnsafePointer(base),
            start < UnsafePointer(base + capacity)
        else { return nil }
        return start - UnsafePointer(base)
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
