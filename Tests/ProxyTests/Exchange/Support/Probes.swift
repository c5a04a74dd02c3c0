import PluginAPI

@testable import Proxy

/// A plugin that does what its script says, and puts what it sees on record.
protocol ScriptedPlugin: CompletedPhase, ResponseHeadPhase where Configuration == NoSettings {
    var role: Role { get }
}

struct NoSettings: PluginConfiguration {}

/// A plugin's part in a test.
struct Role: Sendable {
    let label: String
    let script: Script
    let stage: Stage
    /// The file in which it is.
    let file: ProxyFile

    init(_ setup: Setup) {
        // What a setup brings that is of the test's making.
        stage = setup.metrics as! Stage
        label = setup.label
        file = stage.file.current
        script = file.parts.first { $0.label == setup.label }!.script
    }

    func note(_ exchange: Exchange, _ sight: Sight) { stage.note(exchange, self, sight) }
}

extension ScriptedPlugin {
    func start() throws {
        try role.script.start()
        role.stage.note("\(role.label) start")
    }
    func reopen() { role.stage.note("\(role.label) reopen") }
    func stop() {
        role.script.stop()
        role.stage.note("\(role.label) stop")
    }

    func responseHead(_ exchange: Exchange) throws {
        role.note(exchange, .responseHead)
        try role.script.responseHead(exchange)
    }

    func completed(_ exchange: Exchange) {
        role.note(exchange, .completed(Ending(exchange)))
        role.script.completed(exchange)
    }
}

extension ScriptedPlugin where Self: RequestPhase {
    func request(_ exchange: Exchange) throws -> Decision {
        role.note(exchange, .request)
        return try role.script.request(exchange)
    }
}

extension ScriptedPlugin where Self: AsyncRequestPhase {
    func decideAtOnce(_ exchange: Exchange) throws -> Decision? {
        guard let decision = try role.script.atOnce(exchange) else { return nil }
        role.note(exchange, .asynchronousRequest)
        return decision
    }

    nonisolated(nonsending) func request(_ exchange: Exchange) async throws -> Decision {
        role.note(exchange, .asynchronousRequest)
        return try await role.script.asynchronous(exchange)
    }
}

extension ScriptedPlugin where Self: WholeRequestPhase {
    var bodyLimit: Int { role.script.bodyLimit }

    func request(_ exchange: Exchange, body: Span<UInt8>) throws -> Decision {
        let run = Run(body, isLast: true)
        role.note(exchange, .wholeRequest(run.bytes))
        return try role.script.whole(exchange, run.bytes)
    }
}

extension ScriptedPlugin where Self: RequestBodyPhase {
    func requestBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) throws {
        let run = Run(bytes, isLast: isLast)
        role.note(exchange, .requestBody(run))
        try role.script.requestBody(exchange, run)
    }
}

extension ScriptedPlugin where Self: ResponseBodyPhase {
    func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) throws
        -> BodyDecision
    {
        let run = Run(bytes, isLast: isLast)
        role.note(exchange, .responseBody(run))
        return try role.script.responseBody(exchange, run)
    }
}

struct Probe: ScriptedPlugin, RequestPhase, RequestBodyPhase, ResponseBodyPhase {
    static let name = "probe"
    let role: Role
    init(_ configuration: NoSettings, _ setup: Setup) { role = Role(setup) }
}

struct WaitingProbe: ScriptedPlugin, AsyncRequestPhase, RequestBodyPhase, ResponseBodyPhase {
    static let name = "waiting-probe"
    let role: Role
    init(_ configuration: NoSettings, _ setup: Setup) { role = Role(setup) }
}

struct CountingProbe: ScriptedPlugin, SharedStatePhase {
    static let name = "counting-probe"
    let role: Role
    let table: any StateTable

    init(_ configuration: NoSettings, _ setup: Setup) {
        role = Role(setup)
        table = setup.state.table(
            setup.label, CountProgram(lifetime: 60_000_000), maximumKeys: 100)
    }

    func step(_ exchange: Exchange) throws -> StateStep? {
        role.note(exchange, .request)
        guard let key = try role.script.key(exchange) else { return nil }
        return CountProgram.step(table, StateKey(key), limit: role.script.limit)
    }

    func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) throws -> Decision {
        result.isApplied ? .proceed : .refuse(429, reason: "over_\(role.label)")
    }

    func withdrawal(of step: StateStep) -> StateStep? {
        CountProgram.step(step.table, step.key, -1)
    }
}

struct WholeProbe: ScriptedPlugin, WholeRequestPhase, RequestBodyPhase, ResponseBodyPhase {
    static let name = "whole-probe"
    let role: Role
    init(_ configuration: NoSettings, _ setup: Setup) { role = Role(setup) }
}

struct ThoroughProbe: ScriptedPlugin, RequestPhase, AsyncRequestPhase, WholeRequestPhase {
    static let name = "thorough-probe"
    let role: Role
    init(_ configuration: NoSettings, _ setup: Setup) { role = Role(setup) }
}

struct BriefProbe: ScriptedPlugin, RequestPhase {
    static let name = "brief-probe"
    let role: Role
    init(_ configuration: NoSettings, _ setup: Setup) { role = Role(setup) }
}
