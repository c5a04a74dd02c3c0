import Glibc

/// What HTTP needs of ASCII, on raw bytes and without tables of the C locale.
public enum ASCII {
    @inlinable
    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    @inlinable
    public static func equals(
        _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard left.count == right.count else { return false }
        guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else {
            return true
        }
        return memcmp(leftStart, rightStart, left.count) == 0
    }

    @inlinable
    public static func equalsIgnoringCase(
        _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        var index = 0
        while index + 8 <= count {
            let one = UnsafeRawPointer(left + index).loadUnaligned(as: UInt64.self)
            let other = UnsafeRawPointer(right + index).loadUnaligned(as: UInt64.self)
            // Most are equal as they stand, or differ in more than the case.
            if one != other {
                guard (one ^ other) & ~0x2020_2020_2020_2020 == 0,
                    bytesAreEqualIgnoringCase(left + index, right + index, 8)
                else { return false }
            }
            index += 8
        }
        return bytesAreEqualIgnoringCase(left + index, right + index, count - index)
    }

    @inlinable
    static func bytesAreEqualIgnoringCase(
        _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int
    ) -> Bool {
        for index in 0..<count {
            let (one, other) = (left[index], right[index])
            guard one == other || lowercased(one) == lowercased(other) else { return false }
        }
        return true
    }

    /// Whether a token is this name, in any case.
    /// - Parameter name: of small letters, digits and hyphens. In a token the bit that tells the cases apart
    ///   says nothing else about these.
    @inlinable @inline(__always)
    package static func isToken(_ token: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard token.count == count, let token = token.baseAddress else { return false }
        let name = name.utf8Start
        func words(at index: Int) -> Bool {
            let word = UnsafeRawPointer(token + index).loadUnaligned(as: UInt64.self)
            return word | 0x2020_2020_2020_2020
                == UnsafeRawPointer(name + index).loadUnaligned(as: UInt64.self)
        }
        guard count >= 8 else {
            for index in 0..<count where token[index] | 0x20 != name[index] { return false }
            return true
        }
        var index = 0
        while index + 8 <= count {
            guard words(at: index) else { return false }
            index += 8
        }
        return words(at: count - 8)
    }

    /// The value of a run of digits; nil when empty, when anything else is in it, or past `Int.max`.
    @inlinable
    public static func decimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            let digit = byte &- 0x30
            guard digit < 10 else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int(digit))
            guard !overflowed, !carried else { return nil }
            value = sum
        }
        return value
    }

    /// Whether a byte may stand in a token (RFC 9110 §5.6.2): field names and methods.
    @inlinable
    public static func isTokenByte(_ byte: UInt8) -> Bool {
        // The bytes 0 to 127, with a space in place of those that cannot stand in a token.
        let bytes: StaticString = """
                                            \
             ! #$%&'  *+ -. 0123456789      \
             ABCDEFGHIJKLMNOPQRSTUVWXYZ   ^_\
            `abcdefghijklmnopqrstuvwxyz | ~\u{20}
            """
        return byte < 128 && bytes.utf8Start[Int(byte)] != 0x20
    }

    /// Whether a byte may stand in a field's value (RFC 9110 §5.5): visible, space, tab, obs-text.
    @inlinable
    public static func isFieldByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == 0x09
    }
}
