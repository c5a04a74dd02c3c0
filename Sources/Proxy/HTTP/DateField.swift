import PluginAPI

/// The line `Date: Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), made once a second.
package struct DateField: Sendable {
    private var line: InlineArray<37, UInt8>
    private var second: Int64

    package init(_ now: WallTime = WallTime(microseconds: 0)) {
        line = InlineArray(repeating: 0x20)
        second = Self.second(of: now)
        write()
    }

    /// Makes the line anew when the second has changed. Call it once a loop turn.
    package mutating func update(_ now: WallTime) {
        let current = Self.second(of: now)
        guard current != second else { return }
        second = current
        write()
    }

    /// Appends the line with its CRLF.
    package func append(to buffer: inout ByteBuffer) {
        line.span.withUnsafeBufferPointer { buffer.append($0) }
    }

    private static func second(of time: WallTime) -> Int64 {
        floorDivide(time.microseconds, by: 1_000_000)
    }

    private mutating func write() {
        let days = Self.floorDivide(second, by: 86400)
        let secondOfDay = Int(second - days * 86400)
        let date = Self.civilDate(daysSince1970: Int(days))
        // 1970-01-01 was a Thursday.
        let weekday = Int(days - Self.floorDivide(days + 4, by: 7) * 7 + 4)

        put("Date: ", at: 0)
        put("SunMonTueWedThuFriSat", from: weekday * 3, count: 3, at: 6)
        put(", ", at: 9)
        put(date.day, at: 11)
        put("JanFebMarAprMayJunJulAugSepOctNovDec", from: (date.month - 1) * 3, count: 3, at: 14)
        put(date.year / 100 % 100, at: 18)
        put(date.year % 100, at: 20)
        put(secondOfDay / 3600, at: 23)
        put(":", at: 25)
        put(secondOfDay / 60 % 60, at: 26)
        put(":", at: 28)
        put(secondOfDay % 60, at: 29)
        put(" GMT\r\n", at: 31)
    }

    private mutating func put(_ text: StaticString, at position: Int) {
        put(text, from: 0, count: text.utf8CodeUnitCount, at: position)
    }

    private mutating func put(_ text: StaticString, from start: Int, count: Int, at position: Int) {
        for index in 0..<count { line[position + index] = text.utf8Start[start + index] }
    }

    /// Two digits.
    private mutating func put(_ number: Int, at position: Int) {
        line[position] = UInt8(ascii: "0") + UInt8(number / 10)
        line[position + 1] = UInt8(ascii: "0") + UInt8(number % 10)
    }

    private static func floorDivide(_ number: Int64, by divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number + 1) / divisor - 1
    }

    /// The Gregorian date, counted in eras of 400 years that begin on 1 March, so that the leap day
    /// is a year's last.
    private static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = Int(floorDivide(Int64(shifted), by: 146_097))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
