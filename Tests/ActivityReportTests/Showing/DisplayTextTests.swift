import Testing

@testable import ActivityReport

@Suite("Text on a terminal")
struct DisplayTextTests {
    @Test(
        "cannot move the cursor, colour, or turn round what follows",
        arguments: [
            ("\u{1B}[2J", "\\u{1b}[2J"), ("a\nb", "a\\u{a}b"), ("a\u{9B}b", "a\\u{9b}b"),
            ("a\u{202E}b", "a\\u{202e}b"), ("\u{2066}", "\\u{2066}"), ("\u{7F}", "\\u{7f}"),
            ("gpt-4o é 漢", "gpt-4o é 漢"),
        ])
    func invisible(text: String, shown: String) {
        #expect(DisplayText.visible(text) == shown)
    }

    @Test("is cut in its middle to exactly the columns that there are")
    func fitted() {
        #expect(DisplayText.fitted("abcdefghij", to: 10) == "abcdefghij")
        #expect(DisplayText.fitted("abcdefghij", to: 9) == "abcd…ghij")
        #expect(DisplayText.fitted("abcdefghij", to: 8) == "abcd…hij")
        #expect(DisplayText.fitted("abcdefghij", to: 1) == "…")
        #expect(DisplayText.fitted("漢字漢字漢字", to: 6) == "漢…字")
        #expect(DisplayText.cut("abcdefghij", to: 4) == "abc…")
        for columns in 2...40 {
            let text = String(repeating: "a漢é", count: 20)
            #expect(DisplayText.width(DisplayText.fitted(text, to: columns)) <= columns)
            #expect(DisplayText.width(DisplayText.cut(text, to: columns)) <= columns)
        }
    }

    @Test("is folded at its spaces")
    func folded() {
        #expect(DisplayText.folded("one two  three", to: 7) == ["one two", " three"])
        #expect(DisplayText.folded("unbreakable is", to: 4) == ["unbreakable", "is"])
        #expect(DisplayText.folded("", to: 4) == [""])
    }

    @Test("of quantities has three digits that count")
    func quantities() {
        let counts: [(Int128, String)] = [
            (0, "0"), (99_999, "99999"), (100_000, "100k"), (999_499, "999k"), (999_500, "1.00M"),
            (12_345_678, "12.3M"), (1_234_567_890, "1.23G"),
            (Int128(Int64.max) * 1000, "9.22Z"), (Int128(Int64.max), "9.22E"),
        ]
        for (count, text) in counts { #expect(Quantity.short(count) == text) }
        let durations: [(Int64, String)] = [
            (0, "0.00ms"), (80, "0.08ms"), (8310, "8.31ms"), (99_940, "99.9ms"),
            (412_077, "412ms"), (999_499, "999ms"), (999_500, "1.00s"), (1_834_201, "1.83s"),
            (59_900_000, "59.9s"), (59_950_000, "1m00s"), (125_000_000, "2m05s"),
            (3_599_500_000, "1h00m"), (3_720_000_000, "1h02m"), (864_000_000_000, "240h"),
        ]
        for (duration, text) in durations { #expect(Quantity.duration(duration) == text) }
        #expect(Quantity.share(0, of: 10) == "0 %")
        #expect(Quantity.share(1, of: 100_000) == "<0.1 %")
        #expect(Quantity.share(1, of: 3) == "33.3 %")
        #expect(Quantity.share(99_999, of: 100_000) == ">99.9 %")
        #expect(Quantity.share(3, of: 3) == "100 %")
    }
}
