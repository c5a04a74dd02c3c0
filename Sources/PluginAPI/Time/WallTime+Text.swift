extension WallTime {
    /// Years that RFC 3339 can write: 0000 to 9999.
    private static let writable: ClosedRange<Int64> =
        -62_167_219_200_000_000...253_402_300_799_999_999

    private static var separators: StaticString { "____-__-__T__:__:__.______Z" }
    private static let microsecondsOfDay: Int64 = 86_400_000_000

    /// Calls `body` with the time as RFC 3339 writes it, in UTC with microseconds:
    /// `2026-01-31T12:00:00.000001Z`. The text is valid during the call. No allocation.
    public func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textLength) { text in
            write(to: text.baseAddress!)
            return try body(UnsafeBufferPointer(text))
        }
    }

    static var textLength: Int { 27 }

    /// Writes the same text, of `textLength` bytes.
    func write(to text: UnsafeMutablePointer<UInt8>) {
        let time = min(max(microseconds, Self.writable.lowerBound), Self.writable.upperBound)
        // Rounded down also before 1970.
        var ofDay = time % Self.microsecondsOfDay
        if ofDay < 0 { ofDay += Self.microsecondsOfDay }
        let date = CivilDate(daysSinceEpoch: Int((time - ofDay) / Self.microsecondsOfDay))
        let seconds = UInt(ofDay / 1_000_000)
        text.update(from: Self.separators.utf8Start, count: Self.textLength)
        DecimalDigits.write(UInt(date.year), count: 4, to: text)
        DecimalDigits.writePair(UInt(date.month), to: text + 5)
        DecimalDigits.writePair(UInt(date.day), to: text + 8)
        DecimalDigits.writePair(seconds / 3600, to: text + 11)
        DecimalDigits.writePair(seconds / 60 % 60, to: text + 14)
        DecimalDigits.writePair(seconds % 60, to: text + 17)
        DecimalDigits.write(UInt(ofDay % 1_000_000), count: 6, to: text + 20)
    }

    /// Reads what `withText` writes, and nothing else.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count == Self.textLength else { return nil }
        for index in text.indices {
            let expected = Self.separators.utf8Start[index]
            let isDigit = text[index] &- 0x30 < 10
            guard expected == UInt8(ascii: "_") ? isDigit : text[index] == expected else {
                return nil
            }
        }
        func number(_ places: Range<Int>) -> Int {
            places.reduce(0) { $0 * 10 + Int(text[$1] - 0x30) }
        }
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard
            let date = CivilDate(year: number(0..<4), month: number(5..<7), day: number(8..<10)),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let seconds = date.daysSinceEpoch * 86400 + hour * 3600 + minute * 60 + second
        self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(number(20..<26)))
    }
}
