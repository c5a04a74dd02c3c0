import Testing

@testable import ActivityReport

@Suite("A table of text")
struct TextTableTests {
    @Test("fits the line, whatever is in it")
    func fits() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<500 {
            let names = Int.random(in: 1...4, using: &random)
            let numbers = Int.random(in: 1...9, using: &random)
            var table = TextTable(
                (0..<names).map { .init("name\($0)", .name) }
                    + (0..<numbers).map { .init("n\($0)", .number(importance: $0)) })
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let words = (0..<names).map { _ in
                    TextTable.Cell(
                        String(
                            repeating: random.pick(["a", "é", "漢", "x-"]),
                            count: Int.random(in: 0...60, using: &random)))
                }
                let counts = (0..<numbers).map { _ in
                    let count = Int128(Int.random(in: 0...10_000_000, using: &random))
                    return TextTable.Cell(String(count), short: Quantity.short(count))
                }
                table.append(words + counts)
            }
            let width = Int.random(in: 40...160, using: &random)
            let (lines, leftOut) = table.lines(for: Terminal(width: width))
            for line in lines { #expect(DisplayText.width(line) <= width, "\(line)") }
            #expect(leftOut.count < numbers)
            if leftOut.isEmpty { #expect(lines[0].contains("n\(numbers - 1)")) }
        }
    }

    @Test("has numbers on the right, and what is long cut in its middle")
    func layout() {
        var table = TextTable([
            .init("path", .name), .init("requests", .number(importance: 0)),
            .init("p50", .number(importance: 1)),
        ])
        table.append([.init("/v1/chat/completions/with/a/long/tail"), .init("7"), .init("1.83s")])
        table.append([.init("/"), .init("123456789", short: "123M"), .init("412ms")])
        #expect(
            table.lines(for: Terminal(width: 80)).lines
                == [
                    "path                                    requests    p50",
                    "/v1/chat/completions/with/a/long/tail          7  1.83s",
                    "/                                      123456789  412ms",
                ].map { $0 })
        #expect(
            table.lines(for: Terminal(width: 44)).lines == [
                "path                         requests    p50",
                "/v1/chat/comp…/a/long/tail          7  1.83s",
                "/                           123456789  412ms",
            ])
        let narrow = table.lines(for: Terminal(width: 24))
        #expect(narrow.leftOut == ["p50"])
        #expect(
            narrow.lines == [
                "path            requests", "/v1/cha…g/tail         7",
                "/                   123M",
            ])
    }

    @Test("is coloured only where there are colours")
    func colours() {
        var table = TextTable([.init("a", .name)])
        table.append([.init("b")])
        #expect(table.lines(for: Terminal(width: 80)).lines == ["a", "b"])
        #expect(
            table.lines(for: Terminal(width: 80, isColoured: true)).lines == [
                "\u{1B}[1ma\u{1B}[0m", "b",
            ])
    }

    @Test("takes its width from COLUMNS, and is 80 wide where nothing is known")
    func width() {
        #expect(Terminal(environment: ["COLUMNS": "132"]).width == 132)
        #expect(Terminal(environment: ["COLUMNS": "3"]).width == 20)
        #expect(!Terminal(environment: ["NO_COLOR": "1"]).isColoured)
        #expect(!Terminal(environment: ["TERM": "dumb"]).isColoured)
    }
}
