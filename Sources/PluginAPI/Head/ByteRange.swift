/// Where a run of bytes stands in a head's memory. Heads are smaller than 4 GiB, which halves it.
public struct ByteRange: Sendable, Equatable {
    @usableFromInline let storedOffset: UInt32
    @usableFromInline let storedCount: UInt32

    @inlinable public var offset: Int { Int(storedOffset) }
    @inlinable public var count: Int { Int(storedCount) }
    @inlinable package var end: Int { offset + count }

    /// - Precondition: both are within 0 ..< 4 GiB.
    @inlinable
    public init(offset: Int, count: Int) {
        storedOffset = UInt32(offset)
        storedCount = UInt32(count)
    }

    public static let empty = ByteRange(offset: 0, count: 0)
}
