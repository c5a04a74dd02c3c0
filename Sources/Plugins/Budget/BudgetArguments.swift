import PluginAPI

/// What a step on a budget's record is given.
struct BudgetArguments: Sendable {
    /// Whether it reserves, if the limit admits it; otherwise it releases and charges, whatever the limit
    /// says.
    var isReservation: Bool
    /// What may be spent at most, the tolerance included.
    var limit: SplitAmount
    /// To be reserved, or to be released.
    var reserved: SplitAmount
    var spent: SplitAmount
    /// Where it is reserved.
    var slot: Int
    /// Until when it is, in µs of the wall clock.
    var until: Double
    /// In µs of the wall clock.
    var now: Double
    /// Until when the record is kept, in µs of the wall clock.
    var keptUntil: Double
}

extension BudgetArguments {
    /// Reserves in the slot of the present moment.
    /// - Parameter timeout: how long at least a reservation counts.
    init(
        reserving reserved: SplitAmount, limit: SplitAmount, in period: BudgetPeriod,
        timeout: Duration, now: WallTime
    ) {
        // Between as many slots as there are without the one that begins, and all of them.
        let length = timeout.nanoseconds / 1000 / Int64(BudgetProgram.slots - 1)
        let number = now.microseconds / length
        self.init(
            isReservation: true, limit: limit, reserved: reserved, spent: .zero,
            slot: Int(number % Int64(BudgetProgram.slots)),
            until: Double((number + Int64(BudgetProgram.slots)) * length),
            now: Double(now.microseconds),
            keptUntil: Double(period.end.microseconds + timeout.nanoseconds / 1000))
    }

    /// What ends a reservation.
    /// - Parameter releases: whether it had been made.
    func settled(spending spent: SplitAmount, releases: Bool = true, now: WallTime) -> Self {
        var settled = self
        settled.isReservation = false
        settled.spent = spent
        if !releases { settled.reserved = .zero }
        settled.now = Double(now.microseconds)
        return settled
    }

    /// Changes nothing: to learn how it stands.
    func looking(now: WallTime) -> Self { settled(spending: .zero, releases: false, now: now) }
}

extension BudgetArguments {
    init(_ words: borrowing StateWords) {
        isReservation = words[0] == 1
        limit = SplitAmount(high: words[1], low: words[2])
        reserved = SplitAmount(high: words[3], low: words[4])
        spent = SplitAmount(high: words[5], low: words[6])
        slot = Int(words[7])
        until = words[8]
        now = words[9]
        keptUntil = words[10]
    }

    var words: StateWords {
        var words = StateWords()
        words.append(isReservation ? 1 : 0)
        words.append(limit.high)
        words.append(limit.low)
        words.append(reserved.high)
        words.append(reserved.low)
        words.append(spent.high)
        words.append(spent.low)
        words.append(Double(slot))
        words.append(until)
        words.append(now)
        words.append(keptUntil)
        return words
    }
}
