import PluginAPI

/// One chain: who writes which fact, and when.
struct ChainFacts {
    let steps: [ChainStep]

    /// A fact that is written only after it has been read.
    struct Late {
        let fact: String
        let reader: ChainMoment
        let writer: ChainMoment
    }

    /// When the plugin at a place reads a fact too early; nil where it does not, or where nobody writes it.
    func late(_ fact: FactUse, readBy place: Int) -> Late? {
        guard let read = ChainMoment(fact, steps[place].type, place),
            let first = firstWrite(of: fact.name, but: place), !first.comes(before: read)
        else { return nil }
        return Late(fact: fact.name, reader: read, writer: first)
    }

    func firstWrite(of fact: String, but reader: Int) -> ChainMoment? {
        steps.enumerated().compactMap { place, step in
            place == reader
                ? nil : step.write(of: fact).flatMap { ChainMoment($0, step.type, place) }
        }.min()
    }

    /// The places of those that have to go before a reader, in their order, so that a writer can: the writer
    /// itself, and before it those behind the reader whose facts it reads. Nil where one of them reads what
    /// the reader writes.
    func movers(of writer: Int, before reader: Int) -> [Int]? {
        var found: [Int] = []
        return add(writer, before: reader, to: &found, after: []) ? found : nil
    }

    private func add(_ place: Int, before reader: Int, to found: inout [Int], after: [Int])
        -> Bool
    {
        if place == reader || after.contains(place) { return false }
        if place < reader || found.contains(place) { return true }
        for fact in steps[place].reads {
            guard let read = ChainMoment(fact, steps[place].type, place), read.phase == .request,
                let source = firstWrite(of: fact.name, but: place), source.phase == .request
            else { continue }
            guard add(source.place, before: reader, to: &found, after: after + [place]) else {
                return false
            }
        }
        found.append(place)
        return true
    }
}
