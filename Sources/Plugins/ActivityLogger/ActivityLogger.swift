import PluginAPI

/// Writes one record of each request, whatever its end.
public struct ActivityLogger: Plugin, CompletedPhase {
    public static let name = "activity-logger"
    public static let summary =
        "Writes one JSON record of each request, off the request's path."
    public static let reads: [any FactDeclaration] = [
        Facts.clientAddress.whenCompleted, Facts.identity.whenCompleted,
        Facts.model.whenCompleted, Facts.usage.whenCompleted, Facts.cost.whenCompleted,
        Facts.finishReason.whenCompleted,
    ]

    public enum Sink: String, SettingChoice {
        case file, stdout
    }

    public struct Configuration: PluginConfiguration {
        @Setting("sink", "Where records go.")
        public var sink = Sink.file

        @Setting("file", "The file that they are appended to; with \"sink\": \"file\".")
        public var file: String?

        @Setting("rotate", "When that file is renamed and begun anew.")
        public var rotate = FileRotation()

        @Setting(
            "queue", "How many records may wait to be written; more are dropped and counted.",
            in: 1...1_000_000, unit: "records")
        public var queue = 10_000

        @Setting(
            "flushInterval", "How long a record may wait to be written; a crash loses no more.",
            in: .milliseconds(10) ... .seconds(60))
        public var flushInterval: Duration = .seconds(1)

        @Setting(
            "sample", "The share of records to keep; errors and refusals are always kept.",
            in: 0.0...1.0)
        public var sample = 1.0

        @Setting("headers", "Request fields to include; secrets are redacted.")
        public var headers: [HeaderName] = []

        public init() {}

        public func validate() throws(ConfigurationError) {
            switch sink {
            case .file where file?.isEmpty ?? true:
                throw ConfigurationError(
                    setting: "file",
                    "expected the path of a file, found none; or write \"sink\": \"stdout\"")
            case .stdout where file != nil:
                throw ConfigurationError(
                    setting: "file", "a file needs \"sink\": \"file\", and \"sink\" is \"stdout\"")
            default: break
            }
        }
    }

    private let record: ActivityRecord
    private let sampler: Sampler
    private let counters: ActivityCounters
    private let writer: ActivityWriter

    public init(_ configuration: Configuration, _ setup: Setup) {
        record = ActivityRecord(headers: configuration.headers)
        sampler = Sampler(share: configuration.sample)
        counters = ActivityCounters(setup)
        let sink: any ActivitySink =
            switch configuration.sink {
            case .file:
                FileSink(
                    setup.path(configuration.file ?? ""), rotation: configuration.rotate,
                    time: setup.time, log: setup.log)
            case .stdout: StandardOutputSink()
            }
        let writer = ActivityWriter(
            sink, capacity: configuration.queue, flushInterval: configuration.flushInterval,
            log: setup.log, counters: counters)
        self.writer = writer
        setup.metrics.gauge(
            "activity_queued", "Activity records that wait to be written.",
            labels: [("plugin", setup.label)]
        ) { [weak writer] in Double(writer?.queued ?? 0) }
    }

    public func start() throws { try writer.start() }

    public func reopen() { writer.reopen() }

    public func stop() { writer.stop() }

    public func completed(_ exchange: Exchange) {
        guard sampler.takes() || Self.mustBeKept(exchange) else {
            return counters.sampledOut.add()
        }
        let line = writer.makeLine()
        record.write(exchange, to: line)
        writer.append(line)
    }

    /// Errors and refusals, those that `observe` let through among them.
    private static func mustBeKept(_ exchange: Exchange) -> Bool {
        let outcome = exchange.outcome
        return outcome.status >= 400 || outcome.status == 0 || outcome.aborted != nil
            || outcome.error != nil || !exchange.decisions.isEmpty
    }

    /// Writes what is queued now, and waits for it.
    func flush() { writer.flush() }
}
