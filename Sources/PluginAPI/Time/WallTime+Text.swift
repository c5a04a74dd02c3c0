extension WallTime {
    /// Years that RFC 3339 can write: 0000 to 9999.
    private static let writable: ClosedRange<Int64> =
        -62_167_219_200_000_000...253_402_300_799_999_999

    private static let separators: StaticString = "____-__-__T__:__:__.______Z"
    private static let microsecondsOfDay: Int64 = 86_400_000_000

    /// Calls `body` with the time as RFC 3339 writes it, in UTC with microseconds:
    /// `2026-01-31T12:00:00.000001Z`. The text is valid during the call. No allocation.
    public func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        let time = min(max(microseconds, Self.writable.lowerBound), Self.writable.upperBound)
        // Rounded down also before 1970.
        let ofDay =
            (time % Self.microsecondsOfDay + Self.microsecondsOfDay) % Self.microsecondsOfDay
        let date = CivilDate(daysSinceEpoch: Int((time - ofDay) / Self.microsecondsOfDay))
        let seconds = Int(ofDay / 1_000_000)
        return try withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: Self.separators.utf8CodeUnitCount
        ) { text in
            for index in text.indices { text[index] = Self.separators.utf8Start[index] }
            func write(_ number: Int, _ places: Range<Int>) {
                var rest = number
                for place in places.reversed() {
                    text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
            }
            write(date.year, 0..<4)
            write(date.month, 5..<7)
            write(date.day, 8..<10)
            write(seconds / 3600, 11..<13)
            write(seconds / 60 % 60, 14..<16)
            write(seconds % 60, 17..<19)
            write(Int(ofDay % 1_000_000), 20..<26)
            return try body(UnsafeBufferPointer(text))
        }
    }

    /// Reads what `withText` writes, and nothing else.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count == Self.separators.utf8CodeUnitCount else { return nil }
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
