import Testing

@testable import Proxy

@Suite("An upstream's places")
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

    private func pool(connections: Int, workers: Int = 1) -> UpstreamPool {
        let target = Target(.tcp(isSecure: false, host: "127.0.0.1", port: 1))
        return UpstreamPool(
            Upstream(name: "u", number: 0, targets: [target], maximumConnections: connections),
            workers: workers)
    }

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
}
