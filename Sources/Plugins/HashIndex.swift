/// Objects that are found by a hash of what tells them apart; none is ever taken out.
///
/// Unlike a dictionary it leaves the hash to its owner: where no client chooses what is hashed, or a seed
/// that none knows is in it, a quick one does.
struct HashIndex<Element: AnyObject> {
    private struct Slot {
        var hash: UInt64 = 0
        /// In `elements`; negative in a slot that is free.
        var place = -1
    }

    /// In the order in which they came.
    private(set) var elements: [Element] = []
    // Invariant: their number is a power of two, and at least half of them are free.
    private var slots = [Slot](repeating: Slot(), count: 16)

    /// The one with that hash of which `isWanted` says so.
    @inline(__always)
    func first(_ hash: UInt64, where isWanted: (Element) -> Bool) -> Element? {
        var index = firstIndex(of: hash)
        while slots[index].place >= 0 {
            if slots[index].hash == hash {
                let element = elements[slots[index].place]
                if isWanted(element) { return element }
            }
            index = self.index(after: index)
        }
        return nil
    }

    mutating func insert(_ element: Element, _ hash: UInt64) {
        if (elements.count + 1) * 2 > slots.count {
            let filled = slots.filter { $0.place >= 0 }
            slots = [Slot](repeating: Slot(), count: slots.count * 2)
            for slot in filled { fill(slot) }
        }
        fill(Slot(hash: hash, place: elements.count))
        elements.append(element)
    }

    private mutating func fill(_ slot: Slot) {
        var index = firstIndex(of: slot.hash)
        while slots[index].place >= 0 { index = self.index(after: index) }
        slots[index] = slot
    }

    private func firstIndex(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (slots.count - 1)
    }

    private func index(after index: Int) -> Int { (index + 1) & (slots.count - 1) }
}

extension HashIndex: Sendable where Element: Sendable {}
