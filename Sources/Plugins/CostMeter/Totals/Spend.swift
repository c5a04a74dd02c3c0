import PluginAPI

/// What a number of answers took.
struct Spend: Sendable, Equatable {
    var answers = 0.0
    var input = 0.0
    var cached = 0.0
    var output = 0.0
    /// Whole micro-dollars, and the pico-dollars below them, so that sums stay exact in doubles: up to
    /// nine thousand million dollars.
    var microdollars = 0.0
    var picodollars = 0.0

    static let words = 6
    static let picosInMicro = 1_000_000.0

    init() {}

    init(_ usage: TokenUsage, _ amount: Money) {
        answers = 1
        input = Double(usage.input ?? 0)
        cached = Double(usage.cached ?? 0)
        output = Double(usage.output ?? 0)
        let (micros, picos) = amount.picodollars.quotientAndRemainder(dividingBy: 1_000_000)
        microdollars = Double(micros)
        picodollars = Double(picos)
    }

    /// - Parameter first: where its words begin.
    init(_ words: borrowing StateWords, from first: Int) {
        answers = words[first]
        input = words[first + 1]
        cached = words[first + 2]
        output = words[first + 3]
        microdollars = words[first + 4]
        picodollars = words[first + 5]
    }

    func append(to words: inout StateWords) {
        words.append(answers)
        words.append(input)
        words.append(cached)
        words.append(output)
        words.append(microdollars)
        words.append(picodollars)
    }

    /// As much of it as `Money` can hold.
    var amount: Money {
        Money(picodollars: Int64(min(microdollars, 9e12)) * 1_000_000 + Int64(picodollars))
    }

    var json: JSONValue {
        [
            "answers": .number(Int(answers)), "input": .number(Int(input)),
            "cached": .number(Int(cached)), "output": .number(Int(output)),
            "cost_usd": .string(amount.description),
        ]
    }
}
