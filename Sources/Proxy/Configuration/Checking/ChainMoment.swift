import PluginAPI

/// When a plugin of a chain may first read or write a fact.
struct ChainMoment: Comparable {
    let phase: Phase
    /// The place in the chain.
    let place: Int

    /// Nil for a plugin that takes part in no phase.
    init?(_ fact: FactUse, _ type: any Plugin.Type, _ place: Int) {
        guard
            let phase = fact.isWhenCompleted
                ? .completed : Phase.allCases.first(where: { $0.isPart(of: type) })
        else { return nil }
        self.phase = phase
        self.place = place
    }

    /// Whether what is written then is known when it is read: in the completed phase wherever they stand.
    func comes(before read: Self) -> Bool {
        phase == .completed && read.phase == .completed || self < read
    }

    static func < (left: Self, right: Self) -> Bool {
        guard left.phase == right.phase else { return left.phase < right.phase }
        return left.phase.runsBackwards ? left.place > right.place : left.place < right.place
    }
}
