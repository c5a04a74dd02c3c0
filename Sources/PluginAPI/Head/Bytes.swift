/// A run of bytes of a message's head: a name, a value, a target.
///
/// It refers to the head's memory instead of copying it, and is valid until the exchange completes.
/// Read later it gives other bytes, though never memory that is not the head's.
public struct Bytes: RandomAccessCollection {
    @usableFromInline let storage: HeadStorage
    @usableFromInline let range: ByteRange

    @inlinable
    package init(storage: HeadStorage, range: ByteRange) {
        self.storage = storage
        self.range = range
    }

    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { range.count }

    @inlinable
    public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < range.count, "index out of range")
        return storage.byte(at: range.offset + position)
    }

    /// The bytes, valid during the call.
    @inlinable
    public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        try body(storage.slice(range))
    }

    /// As text; bytes that are not UTF-8 become U+FFFD.
    public var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// The ASCII letters compared without case.
    @inlinable
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        withBytes {
            ASCII.equalsIgnoringCase(
                $0, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
    }

    /// The value as a decimal number; nil when it is anything but digits or passes `Int.max`.
    @inlinable
    public var decimal: Int? { withBytes { ASCII.decimal($0) } }
}

extension Bytes: Equatable, Hashable, CustomStringConvertible {
    @inlinable
    public static func == (left: Bytes, right: Bytes) -> Bool {
        left.withBytes { left in right.withBytes { ASCII.equals(left, $0) } }
    }

    @inlinable
    public static func == (left: Bytes, right: StaticString) -> Bool {
        left.withBytes {
            ASCII.equals(
                $0, UnsafeBufferPointer(start: right.utf8Start, count: right.utf8CodeUnitCount))
        }
    }

    public static func == (left: Bytes, right: String) -> Bool {
        left.withBytes { $0.elementsEqual(right.utf8) }
    }

    public func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    public var description: String { string }
}
