import PluginAPI

/// The record of one budget in one period: what has been spent, and what requests that have not ended may
/// still spend.
///
/// The latter is held in slots by the time at which it was reserved. A slot lapses as a whole, so that
/// what a process had reserved when it died comes free without anybody knowing of it. A record is
///
///     spent (two words), and six times: until when the slot counts (0 when it was never used),
///     what is reserved in it (two words)
///
/// It is about one period only, which is part of its key: so nothing has to be set back, and a request that
/// ends after its period is charged to that one. Times are the wall clock's, and come with the
/// arguments.
struct BudgetProgram: StateProgram {
    static let slots = 6

    private enum Place {
        static let spent = 0
        static let slots = 2
        static let slotSize = 3
        static let count = slots + BudgetProgram.slots * slotSize

        static func slot(_ index: Int) -> Int { slots + index * slotSize }
    }

    var recordSize: Int { Place.count }

    func run(_ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double)
        -> StateResult
    {
        let arguments = BudgetArguments(arguments)
        var spent = Self.amount(record.span, Place.spent)
        var reserved = SplitAmount.zero
        for index in 0..<Self.slots where record[Place.slot(index)] > arguments.now {
            reserved += Self.amount(record.span, Place.slot(index) + 1)
        }
        var isApplied = true
        let slot = Place.slot(arguments.slot)
        if arguments.isReservation {
            let taken = spent + reserved
            isApplied = taken < arguments.limit && taken + arguments.reserved <= arguments.limit
            if isApplied, arguments.reserved != .zero {
                Self.reserve(&record, slot, arguments)
                reserved += arguments.reserved
            }
        } else {
            if record[slot] == arguments.until, record[slot] > arguments.now {
                let held = Self.amount(record.span, slot + 1)
                let released = min(held, arguments.reserved)
                Self.set(&record, slot + 1, held - released)
                reserved -= released
            }
            spent += arguments.spent
            Self.set(&record, Place.spent, spent)
        }
        return BudgetFinding(spent: spent, reserved: reserved).result(
            isApplied: isApplied, lifetime: max(1_000_000, arguments.keptUntil - arguments.now))
    }

    private static func reserve(
        _ record: inout MutableSpan<Double>, _ slot: Int, _ arguments: BudgetArguments
    ) {
        if record[slot] <= arguments.now {
            record[slot] = arguments.until
            set(&record, slot + 1, arguments.reserved)
        } else {
            // Of another time where the setting has been changed, or clocks do not agree.
            record[slot] = max(record[slot], arguments.until)
            set(&record, slot + 1, amount(record.span, slot + 1) + arguments.reserved)
        }
    }

    /// What both know of is mostly the same: so the larger of each counts, not the sum.
    func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        let spent = max(Self.amount(record.span, Place.spent), Self.amount(other, Place.spent))
        Self.set(&record, Place.spent, spent)
        for index in 0..<Self.slots {
            let slot = Place.slot(index)
            let reserved = Self.amount(other, slot + 1)
            if other[slot] > record[slot] {
                record[slot] = other[slot]
                Self.set(&record, slot + 1, reserved)
            } else if other[slot] == record[slot] {
                Self.set(&record, slot + 1, max(reserved, Self.amount(record.span, slot + 1)))
            }
        }
    }

    private static func amount(_ record: Span<Double>, _ place: Int) -> SplitAmount {
        SplitAmount(high: record[place], low: record[place + 1])
    }

    private static func set(
        _ record: inout MutableSpan<Double>, _ place: Int, _ amount: SplitAmount
    ) {
        record[place] = amount.high
        record[place + 1] = amount.low
    }
}

extension BudgetProgram {
    var script: String {
        """
        \(SplitAmount.script)
        local function run(record, arguments, now)
            local reserves = arguments[1] == 1
            local limitHigh, limitLow = arguments[2], arguments[3]
            local high, low = arguments[4], arguments[5]
            local wall = arguments[10]
            local reservedHigh, reservedLow = 0, 0
            for slot = 3, \(Place.count), \(Place.slotSize) do
                if record[slot] > wall then
                    reservedHigh, reservedLow = add(
                        reservedHigh, reservedLow, record[slot + 1], record[slot + 2])
                end
            end
            local applied = 1
            local slot = 3 + arguments[8] * \(Place.slotSize)
            if reserves then
                local takenHigh, takenLow = add(record[1], record[2], reservedHigh, reservedLow)
                local thenHigh, thenLow = add(takenHigh, takenLow, high, low)
                if not less(takenHigh, takenLow, limitHigh, limitLow)
                    or less(limitHigh, limitLow, thenHigh, thenLow) then
                    applied = 0
                elseif high > 0 or low > 0 then
                    if record[slot] <= wall then
                        record[slot], record[slot + 1], record[slot + 2] = arguments[9], high, low
                    else
                        record[slot] = math.max(record[slot], arguments[9])
                        record[slot + 1], record[slot + 2] = add(
                            record[slot + 1], record[slot + 2], high, low)
                    end
                    reservedHigh, reservedLow = add(reservedHigh, reservedLow, high, low)
                end
            else
                if record[slot] == arguments[9] and record[slot] > wall then
                    if less(record[slot + 1], record[slot + 2], high, low) then
                        high, low = record[slot + 1], record[slot + 2]
                    end
                    record[slot + 1], record[slot + 2] = subtract(
                        record[slot + 1], record[slot + 2], high, low)
                    reservedHigh, reservedLow = subtract(reservedHigh, reservedLow, high, low)
                end
                record[1], record[2] = add(record[1], record[2], arguments[6], arguments[7])
            end
            return applied, math.max(1000000, arguments[11] - wall),
                { record[1], record[2], reservedHigh, reservedLow }
        end
        local function merge(record, other)
            if less(record[1], record[2], other[1], other[2]) then
                record[1], record[2] = other[1], other[2]
            end
            for slot = 3, \(Place.count), \(Place.slotSize) do
                if other[slot] > record[slot] or (other[slot] == record[slot] and less(
                    record[slot + 1], record[slot + 2], other[slot + 1], other[slot + 2])) then
                    record[slot], record[slot + 1], record[slot + 2] =
                        other[slot], other[slot + 1], other[slot + 2]
                end
            end
        end
        """
    }
}
