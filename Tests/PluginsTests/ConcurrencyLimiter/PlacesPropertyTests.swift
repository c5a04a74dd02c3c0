import PluginAPI
import Testing

@testable import Plugins

@Suite("The places of a concurrency limit")
struct PlacesPropertyTests {
    /// The same, as simply as it can be said.
    private struct Model {
        var running: [String: Int] = [:]
        var waiting: [String: [(id: Int, multiplier: Double)]] = [:]
        var limit = 1
        var queue = 0

        func limit(_ multiplier: Double) -> Int { max(1, Int(Double(limit) * multiplier)) }

        /// - Returns: those who get a place.
        mutating func handOut(_ key: String) -> [Int] {
            var admitted: [Int] = []
            while let first = waiting[key]?.first, running[key] ?? 0 < limit(first.multiplier) {
                waiting[key]!.removeFirst()
                running[key, default: 0] += 1
                admitted.append(first.id)
            }
            return admitted
        }
    }

    private struct Visitor {
        let key: String
        var holding: Places.Holding
        var isWaiting: Bool
    }

    @Test(
        "whatever comes, waits, leaves and changes, it is as a plain queue would have it",
        arguments: 0..<40)
    func agreement(seed: Int) {
        var random = SplitMix64(seed: seed)
        let places = Places()
        var model = Model()
        var rules = PlaceRules(limit: 1, queue: 0)
        places.use(rules)
        var visitors: [Int: Visitor] = [:]

        func check(_ admitted: [Int]) {
            for id in admitted { visitors[id]!.isWaiting = false }
            for (id, visitor) in visitors {
                if case .ticket(let ticket) = visitor.holding {
                    #expect((ticket.wait.end == nil) == visitor.isWaiting, "\(id)")
                }
            }
            let counts = places.counts
            #expect(counts.running == model.running.values.reduce(0, +))
            #expect(counts.waiting == model.waiting.values.reduce(0) { $0 + $1.count })
            #expect(
                counts.keys
                    == Set(model.running.filter { $0.value > 0 }.keys).count)
        }

        for id in 0..<400 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let key = ["a", "b", "c"].randomElement(using: &random)!
                let multiplier = [1, 1, 0.5, 2].randomElement(using: &random)!
                let entry = places.enter(StateKey(key), rules, multiplier: multiplier)
                let isFree =
                    (model.waiting[key] ?? []).isEmpty
                    && model.running[key] ?? 0 < model.limit(multiplier)
                switch entry {
                case .place:
                    #expect(isFree)
                    model.running[key, default: 0] += 1
                    visitors[id] = Visitor(
                        key: key, holding: .place(StateKey(key)), isWaiting: false)
                case .waiting(let ticket):
                    #expect(!isFree && (model.waiting[key] ?? []).count < model.queue)
                    model.waiting[key, default: []].append((id, multiplier))
                    visitors[id] = Visitor(key: key, holding: .ticket(ticket), isWaiting: true)
                case .refused:
                    #expect(!isFree && (model.waiting[key] ?? []).count >= model.queue)
                }
                check([])
            case 5..<9:
                guard let id = visitors.keys.sorted().randomElement(using: &random),
                    let visitor = visitors.removeValue(forKey: id)
                else { continue }
                if visitor.isWaiting, case .ticket(let ticket) = visitor.holding {
                    ticket.wait.finish(Bool.random(using: &random) ? .timedOut : .exchangeEnded)
                    model.waiting[visitor.key]!.removeAll { $0.id == id }
                } else {
                    model.running[visitor.key]! -= 1
                }
                places.leave(visitor.holding)
                check(model.handOut(visitor.key))
            default:
                let next = PlaceRules(
                    limit: .random(in: 1...6, using: &random),
                    queue: .random(in: 0...4, using: &random))
                places.use(next)
                places.retire(rules)
                rules = next
                (model.limit, model.queue) = (next.limit, next.queue)
                check(["a", "b", "c"].flatMap { model.handOut($0) })
            }
        }
        // Nothing is left behind.
        while let id = visitors.keys.min() {
            let visitor = visitors.removeValue(forKey: id)!
            if visitor.isWaiting, case .ticket(let ticket) = visitor.holding {
                ticket.wait.finish(.exchangeEnded)
                model.waiting[visitor.key]!.removeAll { $0.id == id }
            } else {
                model.running[visitor.key]! -= 1
            }
            places.leave(visitor.holding)
            check(model.handOut(visitor.key))
        }
        #expect(places.counts == (0, 0, 0))
    }

    @Test("a place that is handed to one that has just given up goes to the next")
    func givenUpMeanwhile() {
        let places = Places()
        let rules = PlaceRules(limit: 1, queue: 5)
        func enter() -> Places.Entry { places.enter(.everyone, rules, multiplier: 1) }
        guard case .place = enter(), case .waiting(let second) = enter(),
            case .waiting(let third) = enter(), case .waiting(let fourth) = enter()
        else {
            Issue.record("not as expected")
            return
        }
        // Their deadlines are over, but their hooks have not gone on yet.
        second.wait.finish(.timedOut)
        third.wait.finish(.exchangeEnded)
        places.leave(.place(.everyone))
        #expect(fourth.wait.end == .woken)
        #expect(places.counts == (1, 0, 1))
        places.leave(.ticket(second))
        places.leave(.ticket(third))
        #expect(places.counts == (1, 0, 1))
        places.leave(.ticket(fourth))
        #expect(places.counts == (0, 0, 0))
    }
}
