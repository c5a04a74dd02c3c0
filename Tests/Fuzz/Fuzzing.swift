/// An input: how to cut it and what to choose, in its first bytes, and the message behind them.
struct FuzzInput {
    let message: [UInt8]
    let option: Int
    let cuts: [Int]

    init?(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        guard let start, count > 2 else { return nil }
        option = Int(start[0])
        message = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
        var random = Randomness(seed: Int(start[1]))
        cuts = random.cuts(in: message.count, most: 8)
    }

    /// Every byte on its own, for messages that are not too long for it.
    var singleBytes: [Int] { message.count < 600 ? Array(0...message.count) : cuts }
}

/// Stops the fuzzer at something that must not be.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}
