import PluginAPI

/// The tables of one limiter: one for each set of periods that its limits have.
final class LimiterTables: Sendable {
    private let make: @Sendable (_ shape: Int) -> any StateTable
    /// By shape: those that the configuration names.
    private let known: [(any StateTable)?]
    /// Those of limits that an identity brings along, made when they first come.
    private let others = Locked<[Int: any StateTable]>([:])

    init(shapes: some Sequence<Int>, make: @escaping @Sendable (_ shape: Int) -> any StateTable) {
        self.make = make
        var known = [(any StateTable)?](repeating: nil, count: 1 << Limits.periods.count)
        for shape in shapes where known[shape] == nil { known[shape] = make(shape) }
        self.known = known
    }

    func table(_ shape: Int) -> any StateTable {
        if let table = known[shape] { return table }
        return others.withLock { others in
            if let table = others[shape] { return table }
            let table = make(shape)
            others[shape] = table
            return table
        }
    }

    /// How many keys are counted at present.
    var count: Int {
        known.reduce(0) { $0 + ($1?.count ?? 0) }
            + others.withLock { $0.values.reduce(0) { $0 + $1.count } }
    }
}
