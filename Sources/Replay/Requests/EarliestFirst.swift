/// A heap: hands out what comes first, and of what comes at the same time what was put in first.
struct EarliestFirst<Element> {
    private struct Item {
        let time: Int64
        let number: UInt64
        let element: Element

        func isBefore(_ other: Item) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    // Invariant: no item is before its parent, items[(index - 1) / 2].
    private var items: [Item] = []
    private var nextNumber: UInt64 = 0

    var count: Int { items.count }

    /// The time of what comes first; nil when there is nothing.
    var firstTime: Int64? { items.first?.time }

    mutating func add(_ element: Element, at time: Int64) {
        items.append(Item(time: time, number: nextNumber, element: element))
        nextNumber += 1
        var index = items.count - 1
        while index > 0, items[index].isBefore(items[(index - 1) / 2]) {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func takeFirst() -> Element? {
        guard let last = items.popLast() else { return nil }
        guard let first = items.first else { return last.element }
        items[0] = last
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].isBefore(items[child]) { child += 1 }
            guard items[child].isBefore(items[index]) else { break }
            items.swapAt(child, index)
            index = child
        }
        return first.element
    }
}
