import PluginAPI
import Testing

@testable import Proxy

@Suite("A chain")
struct ChainTests {
    private func chain(_ plugins: any Plugin...) -> Chain {
        Chain(
            plugins.enumerated().map { number, plugin in
                Chain.Entry(label: "p\(number)", mode: .enforce, plugin: plugin, number: number)
            })
    }

    @Test("requests go through it first to last, answers last to first")
    func order() {
        let chain = chain(EveryPhase(), EveryPhase(), EveryPhase())
        #expect(chain.requestBodySteps.map(\.place) == [0, 1, 2])
        #expect(chain.responseHeadSteps.map(\.place) == [2, 1, 0])
        #expect(chain.responseBodySteps.map(\.place) == [2, 1, 0])
        #expect(chain.completedSteps.map(\.place) == [2, 1, 0])
    }

    @Test("a plugin that decides in several ways does so in the phases' order, before the next one")
    func requestSteps() {
        let chain = chain(EveryPhase(), OnlyRequest(), EveryPhase())
        #expect(chain.requestSteps.map(\.place) == [0, 0, 0, 0, 1, 2, 2, 2, 2])
        #expect(
            chain.requestSteps.map(\.kind) == [
                "immediate", "shared", "waiting", "whole",
                "immediate",
                "immediate", "shared", "waiting", "whole",
            ])
    }

    @Test("a phase costs nothing to a plugin that takes no part in it")
    func absent() {
        let chain = chain(OnlyRequest(), NoPhase(), OnlyCompleted())
        #expect(chain.entries.count == 3)
        #expect(chain.requestSteps.map(\.place) == [0])
        #expect(chain.completedSteps.map(\.place) == [2])
        #expect(chain.requestBodySteps.isEmpty && chain.responseHeadSteps.isEmpty)
        #expect(chain.responseBodySteps.isEmpty)
    }

    @Test("the same instance may stand in it twice")
    func twice() {
        let plugin = OnlyRequest()
        let chain = chain(plugin, plugin)
        #expect(chain.requestSteps.map(\.place) == [0, 1])
    }

    @Test("an empty chain has no steps")
    func empty() {
        let chain = chain()
        #expect(chain.requestSteps.isEmpty && chain.completedSteps.isEmpty)
    }
}

extension Chain.RequestStep {
    fileprivate var kind: String {
        switch self {
        case .immediate: "immediate"
        case .shared: "shared"
        case .waiting: "waiting"
        case .whole: "whole"
        }
    }
}

private struct EveryPhase: RequestPhase, SharedStatePhase, AsyncRequestPhase, WholeRequestPhase,
    RequestBodyPhase, ResponseHeadPhase, ResponseBodyPhase, CompletedPhase
{
    static let name = "every"
    let bodyLimit = 10

    init() {}
    init(_ configuration: NoSettings, _ setup: Setup) {}
    func request(_ exchange: Exchange) throws -> Decision { .proceed }
    func step(_ exchange: Exchange) throws -> StateStep? { nil }
    func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) throws -> Decision {
        .proceed
    }
    nonisolated(nonsending) func request(_ exchange: Exchange) async throws -> Decision { .proceed }
    func request(_ exchange: Exchange, body: Span<UInt8>) throws -> Decision { .proceed }
    func requestBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) throws {}
    func responseHead(_ exchange: Exchange) throws {}
    func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) throws
        -> BodyDecision
    { .pass }
    func completed(_ exchange: Exchange) {}
}

private struct OnlyRequest: RequestPhase {
    static let name = "request"
    init() {}
    init(_ configuration: NoSettings, _ setup: Setup) {}
    func request(_ exchange: Exchange) throws -> Decision { .proceed }
}

private struct OnlyCompleted: CompletedPhase {
    static let name = "completed"
    init() {}
    init(_ configuration: NoSettings, _ setup: Setup) {}
    func completed(_ exchange: Exchange) {}
}

private struct NoPhase: Plugin {
    static let name = "none"
    init() {}
    init(_ configuration: NoSettings, _ setup: Setup) {}
}
