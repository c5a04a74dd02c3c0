import PluginAPI
import Testing

@testable import Proxy

@Suite("The completed phase's order")
struct CompletionOrderTests {
    private enum Learnt {
        static let sum = Fact<Int>("order_sum")
        static let tax = Fact<Int>("order_tax")
    }

    private struct Neither: Completes {
        static let name = "neither"
    }

    private struct WritesSum: Completes {
        static let name = "writes-sum"
        static let writes: [any FactDeclaration] = [Learnt.sum.whenCompleted]
    }

    private struct ReadsSumWritesTax: Completes {
        static let name = "reads-sum-writes-tax"
        static let reads: [any FactDeclaration] = [Learnt.sum.whenCompleted]
        static let writes: [any FactDeclaration] = [Learnt.tax.whenCompleted]
    }

    private struct ReadsTaxWritesSum: Completes {
        static let name = "reads-tax-writes-sum"
        static let reads: [any FactDeclaration] = [Learnt.tax.whenCompleted]
        static let writes: [any FactDeclaration] = [Learnt.sum.whenCompleted]
    }

    private func order(_ types: [any Completes.Type]) -> [String] {
        let entries = types.enumerated().map { number, type in
            Chain.Entry(label: type.name, mode: .enforce, plugin: type.init(), number: number)
        }
        return Chain(entries).completedHooks.map { type(of: $0).name }
    }

    @Test("is last to first where nothing speaks against it")
    func backwards() {
        #expect(
            order([Neither.self, ReadsSumWritesTax.self]) == ["reads-sum-writes-tax", "neither"])
        #expect(
            order([ReadsSumWritesTax.self, WritesSum.self]) == [
                "writes-sum", "reads-sum-writes-tax",
            ])
    }

    @Test("lets those that write a fact then go before those that read it, wherever they stand")
    func writersFirst() {
        #expect(
            order([WritesSum.self, Neither.self, ReadsSumWritesTax.self])
                == ["neither", "writes-sum", "reads-sum-writes-tax"])
    }

    @Test("of two that wait for each other is last to first")
    func circle() {
        #expect(
            order([ReadsTaxWritesSum.self, ReadsSumWritesTax.self])
                == ["reads-sum-writes-tax", "reads-tax-writes-sum"])
    }
}

private protocol Completes: CompletedPhase {
    init()
}

extension Completes {
    init(_ configuration: NoSettings, _ setup: Setup) { self.init() }
    func completed(_ exchange: Exchange) {}
}
