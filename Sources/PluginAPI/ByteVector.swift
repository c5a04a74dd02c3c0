/// Sixteen bytes at a time.
package typealias ByteVector = SIMD16<UInt8>

extension ByteVector {
    @inlinable @inline(__always)
    package init(loading start: UnsafePointer<UInt8>) {
        self = UnsafeRawPointer(start).loadUnaligned(as: Self.self)
    }

    /// Fewer bytes than it has lanes; the others are zero.
    /// - Precondition: `count` is 1 to 15.
    @inlinable @inline(__always)
    package init(loading start: UnsafePointer<UInt8>, count: Int) {
        let raw = UnsafeRawPointer(start)
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        func half(_ offset: Int) -> UInt64 {
            UInt64(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        // Two loads that overlap reach all of it and nothing else.
        let words: (UInt64, UInt64)
        if count >= 8 {
            words = (word(0), count == 8 ? 0 : word(count - 8) >> UInt64(8 * (16 - count)))
        } else if count >= 4 {
            words = (half(0) | half(count - 4) << UInt64(8 * (count - 4)), 0)
        } else {
            var bytes = UInt64(start[0])
            if count > 1 { bytes |= UInt64(start[1]) << 8 }
            if count > 2 { bytes |= UInt64(start[2]) << 16 }
            words = (bytes, 0)
        }
        self = unsafeBitCast(
            SIMD2(words.0.littleEndian, words.1.littleEndian), to: Self.self)
    }

    /// Calls `body` with all of the bytes; the last time, zeros fill up what there are fewer.
    @inlinable @inline(__always)
    package static func forEach(
        _ start: UnsafePointer<UInt8>, _ count: Int, _ body: (Self) -> Void
    ) {
        var here = start
        var left = count
        while left >= scalarCount {
            body(Self(loading: here))
            here += scalarCount
            left -= scalarCount
        }
        if left > 0 { body(Self(loading: here, count: left)) }
    }

    /// In each lane, whether its byte is within the bounds: all ones or zero.
    @inlinable @inline(__always)
    package func isWithin(_ first: UInt8, _ last: UInt8) -> Self {
        unsafeBitCast(
            (self &- Self(repeating: first)) .<= Self(repeating: last - first), to: Self.self)
    }

    /// In each lane, whether its byte is that one.
    @inlinable @inline(__always)
    package func isEqual(to byte: UInt8) -> Self {
        unsafeBitCast(self .== Self(repeating: byte), to: Self.self)
    }

    /// In each lane, whether its byte is 0x80 or more.
    @inlinable @inline(__always)
    package var isHigh: Self {
        let signed = unsafeBitCast(self, to: SIMD16<Int8>.self)
        return unsafeBitCast(signed .< SIMD16<Int8>.zero, to: Self.self)
    }

    /// The lane of the first byte that is not zero; nil when all are.
    @inlinable @inline(__always)
    package var firstLane: Int? {
        let words = unsafeBitCast(self, to: SIMD2<UInt64>.self)
        let (low, high) = (UInt64(littleEndian: words[0]), UInt64(littleEndian: words[1]))
        if low != 0 { return low.trailingZeroBitCount >> 3 }
        return high == 0 ? nil : 8 + high.trailingZeroBitCount >> 3
    }

    /// The first eight bytes, the first one lowest.
    @inlinable @inline(__always)
    package var firstWord: UInt64 {
        UInt64(littleEndian: unsafeBitCast(self, to: SIMD2<UInt64>.self)[0])
    }

    /// The sum of all lanes.
    @inlinable @inline(__always)
    package var total: Int {
        let pairs = unsafeBitCast(self, to: SIMD8<UInt16>.self)
        return Int(((pairs & 0xFF) &+ (pairs &>> 8)).wrappedSum())
    }

    @inlinable @inline(__always)
    package static func | (vector: Self, byte: UInt8) -> Self { vector | Self(repeating: byte) }

    // MARK: - JSON

    /// The lanes at which the inside of a string ends or changes: a quote, a backslash, or what must not
    /// stand in one, such as zero.
    @inlinable @inline(__always)
    package var stringBreaks: Self {
        isEqual(to: UInt8(ascii: "\"")) | isEqual(to: UInt8(ascii: "\\")) | isWithin(0, 0x1F)
    }
}
