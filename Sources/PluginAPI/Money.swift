/// An amount of US dollars, exact: a whole number of pico-dollars (10^-12).
///
/// A price of so many dollars for a million tokens, with up to six decimals, is a whole number of them
/// for one token. Sums saturate at about nine million dollars.
public struct Money: Sendable, Hashable, Comparable {
    /// May be negative.
    public var picodollars: Int64

    public static let zero = Money(picodollars: 0)
    private static let decimals = 12
    /// One dollar.
    private static let unit: UInt64 = 1_000_000_000_000

    public init(picodollars: Int64) { self.picodollars = picodollars }

    /// Reads a decimal such as `12.50` or `1.5e-05`. What is finer than a pico-dollar is rounded to the
    /// nearest one, a half away from zero.
    /// - Returns: nil for what is no decimal as JSON writes numbers (RFC 8259 §6), or out of range.
    public init?(decimal text: UnsafeBufferPointer<UInt8>) {
        guard let decimal = Decimal(text), let value = decimal.scaled(by: Self.decimals) else {
            return nil
        }
        picodollars = value
    }

    public init?(decimal text: String) {
        var text = text
        guard let read = text.withUTF8({ Money(decimal: $0) }) else { return nil }
        self = read
    }

    public static func < (left: Self, right: Self) -> Bool { left.picodollars < right.picodollars }

    public static func + (left: Self, right: Self) -> Self {
        let (sum, overflow) = left.picodollars.addingReportingOverflow(right.picodollars)
        guard overflow else { return Money(picodollars: sum) }
        return Money(picodollars: left.picodollars < 0 ? .min : .max)
    }

    public static func += (left: inout Self, right: Self) { left = left + right }

    /// So many times the amount, such as a price for one token times the tokens.
    public static func * (left: Self, count: Int) -> Self {
        let (product, overflow) = left.picodollars.multipliedReportingOverflow(by: Int64(count))
        guard overflow else { return Money(picodollars: product) }
        return Money(picodollars: (left.picodollars < 0) == (count < 0) ? .max : .min)
    }
}

extension Money: CustomStringConvertible {
    /// A plain decimal with no more digits than it needs: `0.00042`, `12.5`, `0`.
    public var description: String { withText { String(decoding: $0, as: UTF8.self) } }

    /// The same as bytes, which are valid during the call. Makes nothing.
    public func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestText) { text in
            let count = write(to: text.baseAddress!)
            return try body(UnsafeBufferPointer(rebasing: text[..<count]))
        }
    }

    /// A sign, seven digits, a point and twelve digits.
    static var longestText: Int { 21 }

    /// Writes the same.
    /// - Returns: how many bytes it takes.
    func write(to text: UnsafeMutablePointer<UInt8>) -> Int {
        let amount = picodollars.magnitude
        var count = 0
        if picodollars < 0 {
            text[0] = UInt8(ascii: "-")
            count = 1
        }
        count += DecimalDigits.write(UInt(amount / Self.unit), to: text + count)
        var fraction = UInt(amount % Self.unit)
        guard fraction != 0 else { return count }
        var decimals = Self.decimals
        func removeZeros(_ zeros: Int, _ power: UInt) {
            guard fraction % power == 0 else { return }
            fraction /= power
            decimals -= zeros
        }
        removeZeros(6, 1_000_000)
        removeZeros(3, 1000)
        removeZeros(1, 10)
        removeZeros(1, 10)
        text[count] = UInt8(ascii: ".")
        DecimalDigits.write(fraction, count: decimals, to: text + count + 1)
        return count + 1 + decimals
    }
}

extension Money: SettingValue {
    public static var settingType: SettingType {
        .either(
            [
                .number,
                .notation("amount", expected: "an amount", pattern: "^[0-9]+(\\.[0-9]{1,12})?$"),
            ],
            expected: "an amount of US dollars such as 2.50")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        let text: String? =
            switch value.content {
            case .number(let digits): digits
            case .string(let digits): digits
            default: nil
            }
        guard let text, let read = Money(decimal: text), read >= .zero, Money.isExact(text) else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = read
    }

    public var settingJSON: JSONValue { .number(description) }

    private static func isExact(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { Decimal($0)?.isWhole(scaledBy: decimals) ?? false }
    }
}

/// A decimal as JSON writes numbers (RFC 8259 §6).
private struct Decimal {
    private var isNegative = false
    /// The digits without leading zeros, as far as they fit.
    private var digits: UInt64 = 0
    /// By how many powers of ten they are to be multiplied.
    private var exponent = 0
    /// The first digit that did not fit is 5 or more.
    private var roundsUp = false
    /// A digit other than zero did not fit.
    private var isCut = false

    init?(_ text: UnsafeBufferPointer<UInt8>) {
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") {
            isNegative = true
            rest = rest.dropFirst()
        }
        guard let first = rest.first, Self.isDigit(first) else { return nil }
        if first == UInt8(ascii: "0"), rest.count > 1, Self.isDigit(rest[rest.startIndex + 1]) {
            return nil
        }
        while let byte = rest.first, Self.isDigit(byte) {
            append(byte, isFraction: false)
            rest = rest.dropFirst()
        }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard let byte = rest.first, Self.isDigit(byte) else { return nil }
            while let byte = rest.first, Self.isDigit(byte) {
                append(byte, isFraction: true)
                rest = rest.dropFirst()
            }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            let isBackwards = rest.first == UInt8(ascii: "-")
            if isBackwards || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty else { return nil }
            var power = 0
            while let byte = rest.first, Self.isDigit(byte) {
                power = min(power * 10 + Int(byte & 15), 100_000)
                rest = rest.dropFirst()
            }
            exponent += isBackwards ? -power : power
        }
        guard rest.isEmpty else { return nil }
    }

    private mutating func append(_ byte: UInt8, isFraction: Bool) {
        let digit = UInt64(byte & 15)
        if !isFull, digits <= (UInt64(Int64.max) - 9) / 10 {
            digits = digits * 10 + digit
            if isFraction { exponent -= 1 }
            return
        }
        if !isFull { roundsUp = digit >= 5 }
        isFull = true
        if digit != 0 { isCut = true }
        if !isFraction { exponent += 1 }
    }

    private var isFull = false

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Times ten to that power, rounded to a whole number; nil when it is out of range.
    func scaled(by power: Int) -> Int64? {
        var value = digits
        var shift = exponent + power
        if value == 0 { return 0 }
        if shift >= 0, roundsUp { value += 1 }
        while shift > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            shift -= 1
        }
        var last: UInt64 = 0
        while shift < 0, value > 0 || last > 0 {
            last = value % 10
            value /= 10
            shift += 1
        }
        if last >= 5 { value += 1 }
        guard let value = Int64(exactly: value) else { return nil }
        return isNegative ? -value : value
    }

    /// Whether nothing would have to be rounded.
    func isWhole(scaledBy power: Int) -> Bool {
        if isCut { return false }
        var value = digits
        var shift = exponent + power
        while shift < 0, value > 0 {
            if value % 10 != 0 { return false }
            value /= 10
            shift += 1
        }
        return true
    }
}
