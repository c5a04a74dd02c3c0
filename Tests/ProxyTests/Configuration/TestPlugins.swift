import PluginAPI

@testable import Proxy

/// Plugins that exist to be configured.
enum TestPlugins {
    static let registry = PluginRegistry([
        Gate.self, Limiter.self, PathBlocker.self, Meter.self, Recorder.self, Budget.self,
        Opener.self,
    ])
}

extension Facts {
    static let amount = Fact<Int>("amount")
    static let account = Fact<String>("account")
}

/// Writes the client's address.
struct Gate: Plugin, RequestPhase {
    static let name = "gate"
    static let summary = "Establishes the client's address."
    static let writes: [any FactDeclaration] = [Facts.clientAddress]

    struct Configuration: PluginConfiguration {
        @Setting("trusted", "Peers that are believed.", count: 1...) var trusted: [Network]
        @Setting("header", "The header that is read.", count: 1...) var header: String =
            "x-forwarded-for"
    }

    init(_ configuration: Configuration, _ setup: Setup) {}
    func request(_ exchange: Exchange) -> Decision { .proceed }
}

/// Reads the client's address.
struct Limiter: Plugin, RequestPhase, ResponseHeadPhase {
    static let name = "limiter"
    static let summary = "Limits requests per client."
    static let reads: [any FactDeclaration] = [Facts.clientAddress]

    enum Key: String, SettingChoice { case address, identity, route }

    struct Tier: SettingsObject {
        @Setting("networks", "Who is in the tier.") var networks: [Network]
        @Setting("limit", "Requests of each client.") var limit: Rate
    }

    struct Configuration: PluginConfiguration {
        @Setting("limit", "Requests of each client.") var limit: Rate
        @Setting("window", "Length of the window.", in: .seconds(1) ... .seconds(86400))
        var window: Duration = .seconds(60)
        @Setting("key", "What is counted.") var key: Key = .address
        @Setting("tiers", "Limits of their own for some networks.") var tiers: [Tier] = []
        @Setting("share", "How much of the limit one client may have.", in: 0.0...1.0)
        var share: Double = 1
        @Setting("table", "Memory for counters.", in: .kibibytes(64)...)
        var table: ByteSize = .mebibytes(16)
        @Setting("burst", "Requests at once.", in: 1...1000, unit: "requests") var burst: Int?
        @Setting("headers", "Whether answers carry the limit.") var headers: Bool = true
        @Setting("names", "How clients are shown.") var names: [String: String] = [:]
    }

    init(_ configuration: Configuration, _ setup: Setup) {}
    func request(_ exchange: Exchange) -> Decision { .proceed }
    func responseHead(_ exchange: Exchange) {}
}

/// The smallest plugin with a setting.
struct PathBlocker: Plugin, RequestPhase {
    static let name = "path-blocker"
    static let summary = "Refuses requests whose path is on a list."

    struct Configuration: PluginConfiguration {
        @Setting("paths", "Exact paths to refuse.") var paths: [String] = []
    }

    let paths: Set<String>

    init(_ configuration: Configuration, _ setup: Setup) { paths = Set(configuration.paths) }

    func request(_ exchange: Exchange) -> Decision {
        paths.contains(exchange.request.path) ? .refuse(403, reason: "blocked_path") : .proceed
    }
}

/// Writes what an exchange comes to, when it has completed.
struct Meter: Plugin, ResponseBodyPhase, CompletedPhase {
    static let name = "meter"
    static let writes: [any FactDeclaration] = [Facts.amount.whenCompleted]

    struct Configuration: PluginConfiguration {}

    init(_ configuration: Configuration, _ setup: Setup) {}
    func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) -> BodyDecision {
        .pass
    }
    func completed(_ exchange: Exchange) {}
}

/// Reads what exchanges come to, when they have completed.
struct Recorder: Plugin, CompletedPhase {
    static let name = "recorder"
    static let reads: [any FactDeclaration] = [Facts.clientAddress, Facts.amount.whenCompleted]

    struct Configuration: PluginConfiguration {
        @Setting("file", "Where records go.") var file: String = "records.jsonl"
        @Setting("token", "What the collector asks for.", secret: true) var token: String?
    }

    init(_ configuration: Configuration, _ setup: Setup) {}
    func completed(_ exchange: Exchange) {}
}

/// Is of no use where nobody knows the account.
struct Budget: Plugin, RequestPhase, CompletedPhase {
    static let name = "budget"
    static let reads: [any FactDeclaration] = [Facts.account.required, Facts.amount]

    struct Configuration: PluginConfiguration {}

    init(_ configuration: Configuration, _ setup: Setup) {}
    func request(_ exchange: Exchange) -> Decision { .proceed }
    func completed(_ exchange: Exchange) {}
}

/// Finds its settings wrong in `init`.
struct Opener: Plugin, RequestPhase {
    static let name = "opener"

    struct Part: SettingsObject {
        @Setting("from", "The first.") var from: Int = 0
        @Setting("to", "The last.") var to: Int = 0

        func validate() throws(ConfigurationError) {
            if from > to {
                throw ConfigurationError(
                    setting: "to", expected: "a number of at least \(from)", found: "\(to)")
            }
        }
    }

    struct Configuration: PluginConfiguration {
        @Setting("file", "What it opens.") var file: String = "missing.txt"
        @Setting("parts", "Which parts.") var parts: [Part] = []
        @Setting("fails", "How it fails.") var fails: Failure = .none
    }

    enum Failure: String, SettingChoice { case none, whole, setting, part, other }

    struct Broken: Error, CustomStringConvertible { let description: String }

    init(_ configuration: Configuration, _ setup: Setup) throws {
        switch configuration.fails {
        case .none: break
        case .whole: throw ConfigurationError("nothing to open")
        case .setting:
            throw ConfigurationError(
                setting: "file", expected: "a readable file",
                found: "\"\(configuration.file)\": no such file")
        case .part: throw ConfigurationError(setting: "parts[0].to", "past the end of the file")
        case .other: throw Broken(description: "the disk is on fire")
        }
    }

    func request(_ exchange: Exchange) -> Decision { .proceed }
}
