import PluginAPI
import Testing

@Suite("Money")
struct MoneyTests {
    @Test(
        "is read and shown exactly",
        arguments: [
            ("0", 0, "0"), ("0.00042", 420_000_000, "0.00042"),
            ("12.50", 12_500_000_000_000, "12.5"),
            ("1.5e-05", 15_000_000, "0.000015"), ("1E2", 100_000_000_000_000, "100"),
            ("-0.5", -500_000_000_000, "-0.5"), ("0.000000000001", 1, "0.000000000001"),
            ("9000000.999999999999", 9_000_000_999_999_999_999, "9000000.999999999999"),
        ] as [(String, Int64, String)])
    func exact(text: String, picodollars: Int64, shown: String) {
        let money = Money(decimal: text)
        #expect(money?.picodollars == picodollars)
        #expect(money?.description == shown)
    }

    @Test(
        "finer than a pico-dollar is rounded to the nearest",
        arguments: [
            ("0.0000000000004", 0), ("0.0000000000005", 1),
            ("0.00001234000000000000000000001", 12_340_000),
            ("1e-300", 0), ("0.9999999999999999999999", 1_000_000_000_000),
        ] as [(String, Int64)])
    func rounds(text: String, picodollars: Int64) {
        #expect(Money(decimal: text)?.picodollars == picodollars)
    }

    @Test(
        "is not read from what is no decimal, or too much",
        arguments: [
            "", "-", ".5", "5.", "01", "1e", "1e+", "NaN", "1_000", "10000000", "1e99", "0x1", " 1",
        ])
    func refused(text: String) {
        #expect(Money(decimal: text) == nil)
    }

    @Test("adds up exactly, and saturates rather than wrapping round")
    func sums() {
        var sum = Money.zero
        for _ in 0..<10 { sum += Money(picodollars: 100_000_000_000) }
        #expect(sum.description == "1")
        #expect(Money(picodollars: .max) + Money(picodollars: 1) == Money(picodollars: .max))
        #expect(Money(picodollars: .max) * 2 == Money(picodollars: .max))
        #expect((Money(picodollars: 75_000) * 1_000_000).description == "0.075")
    }
}
