import Testing

@testable import Proxy

@Suite("An upstream's pool")
struct UpstreamPoolTests {
    /// Someone who waits for a place until it gets one or gives up.
    private final class Waiter: UpstreamWaiter {
        var waitsFor: UpstreamPool?
        private(set) var places = 0

        func take(_ pool: UpstreamPool) -> Bool {
            if pool.take(self) { return true }
            waitsFor = pool
            return false
        }

        func isWaiting(for pool: UpstreamPool) -> Bool { waitsFor === pool }

        func placeIsFree() {
            waitsFor = nil
            places += 1
        }
    }

    private func pool(
        weights: [Int] = [1], _ balance: Balance = .roundRobin, connections: Int = 512,
        workers: Int = 1
    ) -> UpstreamPool {
        let targets = weights.enumerated().map { number, weight in
            Target(
                .tcp(isSecure: false, host: "127.0.0.1", port: UInt16(number + 1)), weight: weight)
        }
        return UpstreamPool(
            Upstream(
                name: "u", number: 0, targets: targets, balance: balance,
                maximumConnections: connections),
            workers: workers)
    }

    /// The targets of so many requests that all go on.
    private func sequence(_ pool: UpstreamPool, _ count: Int) -> [Int] {
        (0..<count).map { _ in pool.choose(except: []) ?? -1 }
    }

    // MARK: - Places

    @Test(
        "each worker has its share of the connections, rounded up, and at least one",
        arguments: [(10, 1, 10), (10, 4, 3), (8, 4, 2), (1, 4, 1), (3, 16, 1)])
    func share(_ connections: Int, _ workers: Int, _ expected: Int) {
        let pool = pool(connections: connections, workers: workers)
        let waiters = (0...expected).map { _ in Waiter() }
        for waiter in waiters.dropLast() { #expect(waiter.take(pool)) }
        #expect(!waiters[expected].take(pool))
    }

    @Test("a place that is given back goes to the one that has waited longest")
    func order() {
        let pool = pool(connections: 2)
        let waiters = (0..<6).map { _ in Waiter() }
        #expect(waiters.map { $0.take(pool) } == [true, true, false, false, false, false])
        for served in 1...4 {
            pool.release()
            #expect(waiters.map(\.places) == (0..<6).map { $0 >= 2 && $0 < 2 + served ? 1 : 0 })
        }
    }

    @Test("nobody overtakes those who wait")
    func noOvertaking() {
        let pool = pool(connections: 1)
        let (first, second, third) = (Waiter(), Waiter(), Waiter())
        #expect(first.take(pool))
        #expect(!second.take(pool))
        pool.release()
        #expect(second.places == 1)
        // The place is the second's.
        #expect(!third.take(pool))
        pool.release()
        #expect(third.places == 1)
        pool.release()
        #expect(first.take(pool))
    }

    @Test("who has given up or gone is passed over")
    func passedOver() {
        let pool = pool(connections: 1)
        let (holder, tired, patient) = (Waiter(), Waiter(), Waiter())
        #expect(holder.take(pool))
        #expect(!tired.take(pool))
        var gone: Waiter? = Waiter()
        #expect(!gone!.take(pool))
        #expect(!patient.take(pool))
        tired.waitsFor = nil
        gone = nil
        pool.release()
        #expect(patient.places == 1 && tired.places == 0)
        // And no place is lost by it.
        pool.release()
        #expect(tired.take(pool))
        #expect(!holder.take(pool))
    }

    @Test("all places come back when all who waited have gone")
    func allGone() {
        let pool = pool(connections: 2)
        let holders = [Waiter(), Waiter()]
        for holder in holders { #expect(holder.take(pool)) }
        for _ in 0..<10 {
            let waiter = Waiter()
            #expect(!waiter.take(pool))
        }
        pool.release()
        pool.release()
        let others = [Waiter(), Waiter(), Waiter()]
        #expect(others.map { $0.take(pool) } == [true, true, false])
    }

    @Test("who gave up and comes again waits from its second coming")
    func secondComing() {
        let pool = pool(connections: 1)
        let (holder, other, returning) = (Waiter(), Waiter(), Waiter())
        #expect(holder.take(pool))
        #expect(!returning.take(pool))
        #expect(!other.take(pool))
        returning.waitsFor = nil
        #expect(!returning.take(pool))
        pool.release()
        #expect(other.places == 1 && returning.places == 0)
        pool.release()
        #expect(returning.places == 1)
    }

    @Test("an hour of overload takes no more memory than a minute")
    func overload() throws {
        let pool = pool(connections: 1)
        let holder = Waiter()
        #expect(holder.take(pool))
        // There is always one who waits.
        var waiter = Waiter()
        #expect(!waiter.take(pool))
        for _ in 0..<10_000 {
            let next = Waiter()
            #expect(!next.take(pool))
            pool.release()
            #expect(waiter.places == 1)
            waiter = next
        }
        let list = try #require(
            Mirror(reflecting: pool).children.first { $0.label == "waiting" }?.value)
        #expect(Mirror(reflecting: list).children.count < 1000)
    }

    // MARK: - Targets

    @Test("targets take turns")
    func roundRobin() {
        #expect(sequence(pool(weights: [1, 1, 1]), 7) == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test(
        "weights are spread out as nginx spreads them",
        arguments: [
            ([5, 1, 1], [0, 0, 1, 0, 2, 0, 0]), ([2, 1], [0, 1, 0]), ([1, 2], [1, 0, 1]),
            ([4, 2, 1], [0, 1, 0, 2, 0, 1, 0]), ([1, 1, 3], [2, 0, 2, 1, 2]),
        ])
    func smooth(_ weights: [Int], _ turn: [Int]) {
        #expect(sequence(pool(weights: weights), turn.count * 3) == turn + turn + turn)
    }

    @Test("least requests goes where least is under way, by weight")
    func leastRequests() {
        let even = pool(weights: [1, 1, 1], .leastRequests)
        #expect(Set(sequence(even, 3)) == [0, 1, 2])
        even.ended(1)
        #expect(even.choose(except: []) == 1)
        even.ended(2)
        even.ended(2)
        #expect(sequence(even, 2) == [2, 2])

        let uneven = pool(weights: [3, 1], .leastRequests)
        let chosen = sequence(uneven, 40)
        #expect(chosen.count { $0 == 0 } == 30)
    }

    @Test("of targets that are equally busy each has its turn")
    func leastRequestsTies() {
        let pool = pool(weights: [1, 1, 1], .leastRequests)
        var chosen: Set<Int> = []
        for _ in 0..<6 {
            let index = pool.choose(except: [])!
            chosen.insert(index)
            pool.ended(index)
        }
        #expect(chosen == [0, 1, 2])
    }

    @Test("chance keeps to the weights")
    func random() {
        let pool = pool(weights: [3, 1], .random)
        let count = 20_000
        let first = sequence(pool, count).count { $0 == 0 }
        // Six standard deviations to either side.
        #expect(abs(first - count * 3 / 4) < 370)
    }

    @Test(
        "what could not be reached is not tried again, and all others are",
        arguments: [Balance.roundRobin, .leastRequests, .random])
    func others(_ balance: Balance) {
        for _ in 0..<20 {
            let pool = pool(weights: [5, 1, 2], balance)
            var tried: [Int] = []
            while let index = pool.choose(except: tried) {
                #expect(!tried.contains(index))
                pool.ended(index)
                tried.append(index)
            }
            #expect(tried.sorted() == [0, 1, 2])
        }
    }

    @Test("a single target is tried once")
    func single() {
        let pool = pool()
        #expect(pool.choose(except: []) == 0)
        #expect(pool.choose(except: [0]) == nil)
        #expect(pool.target(0).address == .tcp(isSecure: false, host: "127.0.0.1", port: 1))
    }

    @Test("failures of one target leave the turns of the others as they were")
    func turnsAfterFailure() {
        let pool = pool(weights: [1, 1, 1])
        for _ in 0..<9 where pool.choose(except: []) == 0 { _ = pool.choose(except: [0]) }
        let chosen = sequence(pool, 300)
        for index in 0..<3 { #expect(abs(chosen.count { $0 == index } - 100) <= 2) }
    }
}
