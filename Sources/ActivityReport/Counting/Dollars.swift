import PluginAPI

/// A sum of money, exact whatever is added: nothing that a log can hold overflows it.
package struct Dollars: Sendable, Hashable, Comparable {
    /// Whole numbers of 10^-12 dollars.
    package private(set) var picodollars: Int128 = 0

    private static let decimals = 12
    private static let unit: UInt128 = 1_000_000_000_000

    package init() {}

    package static func += (left: inout Self, right: Money) {
        left.picodollars += Int128(right.picodollars)
    }

    package static func += (left: inout Self, right: Self) { left.picodollars += right.picodollars }

    package static func < (left: Self, right: Self) -> Bool { left.picodollars < right.picodollars }

    /// Decimals that it has, without zeros at its end.
    var decimals: Int {
        var fraction = picodollars.magnitude % Self.unit
        guard fraction > 0 else { return 0 }
        var decimals = Self.decimals
        while fraction % 10 == 0 {
            fraction /= 10
            decimals -= 1
        }
        return decimals
    }

    /// With so many decimals; more than it has are zeros, and none that it has is left out.
    package func written(decimals wanted: Int) -> String {
        let (whole, fraction) = picodollars.magnitude.quotientAndRemainder(dividingBy: Self.unit)
        let shown = max(min(wanted, Self.decimals), decimals)
        let digits = String(fraction)
        let padded = String(repeating: "0", count: Self.decimals - digits.count) + digits
        return (picodollars < 0 ? "-" : "") + String(whole)
            + (shown > 0 ? "." + padded.prefix(shown) : "")
    }
}

extension Dollars: CustomStringConvertible {
    /// With no more decimals than it needs: `0.00042`, `12.5`, `0`.
    package var description: String { written(decimals: 0) }
}
