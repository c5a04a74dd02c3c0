import Glibc
import PluginAPI

/// `sluice run`
package enum RunCommand: Command {
    package static let name = "run"
    package static let summary = "serves until SIGTERM or SIGINT; the default command"
    package static let synopsis =
        "sluice run [--config plugins.json] [--log-format text|json] [--log-level debug|info|warning|error]"
    package static let details = """
        SIGTERM and SIGINT drain: no new connections, what is in flight may end, up to timeouts.drain.
        A second one breaks off at once. SIGHUP reads the file anew; one with errors is refused.
        """

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let options = try ServeOptions(&arguments)
        try arguments.end()
        return serve(options, context)
    }

    /// Serves until a signal ends it.
    /// - Parameters:
    ///   - upstreamTarget: takes the place of every upstream's targets.
    ///   - whenReady: called with the addresses, once connections are taken.
    package static func serve(
        _ options: ServeOptions, _ context: CommandContext, environment: [String: String]? = nil,
        upstreamTarget: TargetAddress? = nil, whenReady: ([ListenAddress]) -> Void = { _ in }
    ) -> Int32 {
        // Before any thread is made: each inherits this, so signals come to this thread alone.
        let signals = SignalSet([SIGTERM, SIGINT, SIGHUP])
        signals.block()
        // Both are errors of the write that meets them, and are dealt with there.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)

        let writer = LogWriter(format: options.logFormat)
        defer { writer.flush() }
        let log = writer.log(options.logLevel)
        let store = MetricsStore()
        let state = StateStore()
        let keptObjects = KeptObjects()
        let loader = ConfigurationLoader(
            registry: context.registry, environment: environment ?? context.environment,
            upstreamTarget: upstreamTarget
        ) { label, folder in
            var setup = Setup(
                label: label, folder: folder, time: SystemTime(), log: log.with(("plugin", label)),
                metrics: store, state: state)
            setup.keptObjects = keptObjects
            setup.version = Version.number
            setup.makePostClient = { BlockingClient($0) }
            return setup
        }
        let result = loader.load(path: options.config)
        for diagnostic in result.diagnostics { log(diagnostic) }
        guard let configuration = result.configuration else { return 1 }

        let server = Server(
            configuration, log: log, store: store, state: state,
            // The signals' thread, which is this one, reloads; so does who sends one from outside.
            requestReload: { kill(getpid(), SIGHUP) },
            load: { loader.load(path: options.config) })
        do {
            try server.start()
        } catch {
            log(.error, "\(error)")
            return 1
        }
        whenReady(server.addresses)
        let manager = ServiceManager(environment: environment ?? context.environment)
        manager.ready()
        while true {
            switch signals.wait() {
            case SIGHUP:
                manager.reloading()
                server.reload()
                manager.ready()
            default:
                manager.stopping()
                // A second signal must not find this thread waiting for the first one's drain.
                signals.exitOnNext(log, writer)
                server.drain()
                return 0
            }
        }
    }
}

/// The options of every command that serves.
package struct ServeOptions {
    package var config: String
    package var logFormat: LogWriter.Format
    package var logLevel: Log.Level

    package init(_ arguments: inout Arguments) throws {
        config = try arguments.option("--config") ?? "plugins.json"
        logFormat = try arguments.option("--log-format", LogWriter.Format.self) ?? .text
        logLevel = try arguments.option("--log-level", LogLevelName.self)?.level ?? .info
    }
}

/// A level as it is written on the command line.
private enum LogLevelName: String, CaseIterable {
    case debug, info, warning, error

    var level: Log.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

extension Log {
    /// A finding about the configuration, in the words of `sluice check`.
    func callAsFunction(_ diagnostic: Diagnostic) {
        self(diagnostic.severity == .error ? .error : .warning, diagnostic.description)
    }
}
