import PluginAPI

/// What each identity has spent on each model of each upstream, by hour and by day: in shared state, and as
/// far as this process knows it.
final class SpendTotals: Sendable {
    /// A total.
    ///
    /// Unchecked: what changes is used under the lock.
    private final class Account: @unchecked Sendable {
        let upstream: String
        let model: String
        /// Nil for all who have not proved who they are.
        let identity: String?
        let key: StateKey
        let counters: UsageCounters.Series

        /// Of the present hour and day, by the last that has been heard.
        var hour = Spend()
        var day = Spend()
        /// It has been added to since then.
        var isNews = true

        init(
            upstream: String, model: String, identity: String?, counters: UsageCounters.Series
        ) {
            self.upstream = upstream
            self.model = model
            self.identity = identity
            self.counters = counters
            key = StateKey("\(upstream)|\(model)|\(identity ?? "")")
        }

        func isOf(_ upstream: String, _ model: String, _ identity: String?) -> Bool {
            self.upstream == upstream && self.model == model && self.identity == identity
        }
    }

    /// How many are shown.
    private static let shown = 20
    /// How many are asked about at a time.
    private static let asked = 100

    private let table: any StateTable
    private let maximumKeys: Int
    private let counters: UsageCounters
    private let known = Locked(HashIndex<Account>())

    init(maximumKeys: Int, _ counters: UsageCounters, _ setup: Setup) {
        self.maximumKeys = maximumKeys
        self.counters = counters
        table = setup.state.table(
            "\(setup.label):spend", SpendProgram(), maximumKeys: maximumKeys)
    }

    /// Adds what one answer took, in one step that nobody waits for.
    func count(
        _ usage: TokenUsage, _ amount: Money, identity: String?, model: String, upstream: String,
        _ exchange: Exchange
    ) {
        let account = account(upstream, model, identity)
        account.counters.count(usage, amount)
        var arguments = StateWords()
        Spend(usage, amount).append(to: &arguments)
        exchange.take(StateStep(table, account.key, arguments))
    }

    /// The account that is about to be added to.
    private func account(_ upstream: String, _ model: String, _ identity: String?) -> Account {
        // All three come from the configuration.
        var hash = StableHash()
        hash.combine(upstream)
        hash.combine(model)
        if let identity { hash.combine(identity) }
        let value = hash.value
        @inline(__always) func find(_ known: HashIndex<Account>) -> Account? {
            let account = known.first(value) { $0.isOf(upstream, model, identity) }
            account?.isNews = true
            return account
        }
        if let account = known.withLock({ find($0) }) { return account }
        let account = Account(
            upstream: upstream, model: model, identity: identity,
            counters: counters.series(upstream: upstream, model: model))
        return known.withLock { known in
            if let other = find(known) { return other }
            if known.elements.count < maximumKeys { known.insert(account, value) }
            return account
        }
    }

    /// Looks what all who share the state have counted for those that have been added to here.
    func learn(_ state: any StateAccess) {
        let news = known.withLock { known in
            let news = Array(known.elements.lazy.filter(\.isNews).prefix(Self.asked))
            for account in news { account.isNews = false }
            return news
        }
        var nothing = StateWords()
        Spend().append(to: &nothing)
        for account in news {
            state.take(StateStep(table, account.key, nothing)) { [known] result in
                known.withLock { _ in
                    account.hour = Spend(result.words, from: 0)
                    account.day = Spend(result.words, from: Spend.words)
                }
            }
        }
    }

    /// Those that have spent the most today.
    var state: JSONValue {
        let all = known.withLock { known in
            known.elements.map { (account: $0, hour: $0.hour, day: $0.day) }
        }
        let top = all.sorted { $0.day.amount > $1.day.amount }.prefix(Self.shown)
        return [
            "accounts": .number(all.count),
            "top": .array(
                top.map { account, hour, day in
                    [
                        "identity": account.identity.map { .string($0) } ?? .null,
                        "model": .string(account.model), "upstream": .string(account.upstream),
                        "hour": hour.json, "day": day.json,
                    ]
                }),
        ]
    }
}

extension StableHash {
    fileprivate mutating func combine(_ text: String) {
        text.utf8.withContiguousStorageIfAvailable { combine($0, kind: 0) }
    }
}
