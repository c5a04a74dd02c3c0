/// Decimal digits, written two at a time.
enum DecimalDigits {
    private static var pairs: StaticString {
        """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """
    }

    /// Both digits of a number below 100.
    @inline(__always)
    static func writePair(_ number: UInt, to text: UnsafeMutablePointer<UInt8>) {
        let pair = UnsafeRawPointer(pairs.utf8Start + Int(2 * number))
        UnsafeMutableRawPointer(text).storeBytes(
            of: pair.loadUnaligned(as: UInt16.self), as: UInt16.self)
    }

    /// A number, of up to 20 digits.
    /// - Returns: how many it has.
    @inline(__always)
    static func write(_ number: UInt, to text: UnsafeMutablePointer<UInt8>) -> Int {
        if number < 10 {
            text[0] = UInt8(ascii: "0") + UInt8(number)
            return 1
        }
        if number < 100 {
            writePair(number, to: text)
            return 2
        }
        if number < 1000 {
            text[0] = UInt8(ascii: "0") + UInt8(number / 100)
            writePair(number % 100, to: text + 1)
            return 3
        }
        return writeLong(number, to: text)
    }

    private static func writeLong(_ number: UInt, to text: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 4
        var rest = number / 10_000
        while rest > 0 {
            rest /= 10
            count += 1
        }
        write(number, count: count, to: text)
        return count
    }

    /// The last `count` digits of a number, with zeros in front where it has fewer.
    @inline(__always)
    static func write(_ number: UInt, count: Int, to text: UnsafeMutablePointer<UInt8>) {
        var rest = number
        var place = count
        while place >= 2 {
            place -= 2
            writePair(rest % 100, to: text + place)
            rest /= 100
        }
        if place == 1 { text[0] = UInt8(ascii: "0") + UInt8(rest % 10) }
    }
}
