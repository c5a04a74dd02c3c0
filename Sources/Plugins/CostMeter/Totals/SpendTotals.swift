import PluginAPI

/// What each identity has spent on each model of each upstream, by hour and by day: in shared state, and as
/// far as this process knows it.
final class SpendTotals: Sendable {
    /// Whom a total is of.
    private struct Account: Hashable, Sendable {
        let upstream: String
        let model: String
        /// Nil for all who have not proved who they are.
        let identity: String?

        var key: StateKey { StateKey("\(upstream)|\(model)|\(identity ?? "")") }
    }

    private struct Known: Sendable {
        let key: StateKey
        /// Of the present hour and day, by the last that has been heard.
        var hour = Spend()
        var day = Spend()
        /// It has been added to since then.
        var isNews = true
    }

    /// How many are shown.
    private static let shown = 20
    /// How many are asked about at a time.
    private static let asked = 100

    private let table: any StateTable
    private let maximumKeys: Int
    private let known = Locked<[Account: Known]>([:])

    init(maximumKeys: Int, _ setup: Setup) {
        self.maximumKeys = maximumKeys
        table = setup.state.table(
            "\(setup.label):spend", SpendProgram(), maximumKeys: maximumKeys)
    }

    /// Adds what one answer took, in one step that nobody waits for.
    func count(
        _ usage: TokenUsage, _ amount: Money, identity: String?, model: String, upstream: String,
        _ exchange: Exchange
    ) {
        let account = Account(upstream: upstream, model: model, identity: identity)
        let key = known.withLock { known in
            if let key = known[account]?.key {
                known[account]?.isNews = true
                return key
            }
            let key = account.key
            if known.count < maximumKeys { known[account] = Known(key: key) }
            return key
        }
        var arguments = StateWords()
        Spend(usage, amount).append(to: &arguments)
        exchange.take(StateStep(table, key, arguments))
    }

    /// Looks what all who share the state have counted for those that have been added to here.
    func learn(_ state: any StateAccess) {
        let news = known.withLock { known in
            let news = Array(
                known.lazy.filter { $0.value.isNews }.prefix(Self.asked)
                    .map { (account: $0.key, key: $0.value.key) })
            for account in news.map(\.account) { known[account]?.isNews = false }
            return news
        }
        var nothing = StateWords()
        Spend().append(to: &nothing)
        for (account, key) in news {
            state.take(StateStep(table, key, nothing)) { [known] result in
                known.withLock { known in
                    known[account]?.hour = Spend(result.words, from: 0)
                    known[account]?.day = Spend(result.words, from: Spend.words)
                }
            }
        }
    }

    /// Those that have spent the most today.
    var state: JSONValue {
        let all = known.withLock { $0 }
        let top = all.sorted { $0.value.day.amount > $1.value.day.amount }.prefix(Self.shown)
        return [
            "accounts": .number(all.count),
            "top": .array(
                top.map { account, known in
                    [
                        "identity": account.identity.map { .string($0) } ?? .null,
                        "model": .string(account.model), "upstream": .string(account.upstream),
                        "hour": known.hour.json, "day": known.day.json,
                    ]
                }),
        ]
    }
}
