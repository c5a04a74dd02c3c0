import PluginAPI

/// Writes one record of each request, whatever its end.
public struct ActivityLogger: Plugin, RequestBodyPhase, ResponseBodyPhase, CompletedPhase {
    public static let name = "activity-logger"
    public static let summary =
        "Writes one JSON record of each request, off the request's path."
    public static let reads: [any FactDeclaration] = [
        Facts.clientAddress.whenCompleted, Facts.identity.whenCompleted,
        Facts.model.whenCompleted, Facts.usage.whenCompleted, Facts.cost.whenCompleted,
        Facts.finishReason.whenCompleted,
    ]
    public static let placement: Placement = .everyRequest

    public enum Sink: String, SettingChoice {
        case file, stdout, redis
    }

    public struct Configuration: PluginConfiguration {
        @Setting("sink", "Where records go.")
        public var sink = Sink.file

        @Setting("file", "The file that they are appended to; with \"sink\": \"file\".")
        public var file: String?

        @Setting("rotate", "When that file is renamed and begun anew.")
        public var rotate = FileRotation()

        @Setting(
            "stream",
            "The Redis stream that they are added to, behind the prefix of `state`; with \"sink\": \"redis\".",
            count: 1...200)
        public var stream = "activity"

        @Setting(
            "maxLength", "About how many records stay in that stream; older ones go.",
            in: 1...1_000_000_000, unit: "records")
        public var maxLength = 100_000

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

        @Setting("bodies", "The bodies to include; secrets are redacted.")
        public var bodies = BodySettings()

        public init() {}

        public func validate() throws(ConfigurationError) {
            if sink == .file, file?.isEmpty ?? true {
                throw ConfigurationError(
                    setting: "file",
                    "expected the path of a file, found none; or write \"sink\": \"stdout\"")
            }
            let others: [(key: String, what: String, isWritten: Bool, needs: Sink)] = [
                ("file", "a file", file != nil, .file),
                ("rotate", "rotation", $rotate != nil, .file),
                ("stream", "a stream", $stream != nil, .redis),
                ("maxLength", "a stream's length", $maxLength != nil, .redis),
            ]
            let misplaced = others.filter { $0.isWritten && $0.needs != sink }
            if !misplaced.isEmpty {
                throw ConfigurationError(
                    misplaced.map {
                        ConfigurationError(
                            setting: $0.key,
                            "\($0.what) needs \"sink\": \"\($0.needs.rawValue)\", and \"sink\" is \"\(sink.rawValue)\""
                        )
                    })
            }
        }
    }

    private let record: ActivityRecord
    private let bodies: RecordedBodies?
    private let sampler: Sampler
    private let counters: ActivityCounters
    private let sinkKind: Sink
    private let sinkName: String
    private let writer: LineWriter
    private let setup: Setup

    public var decidesBy: RequestParts? { nil }

    public init(_ configuration: Configuration, _ setup: Setup) throws(ConfigurationError) {
        self.setup = setup
        bodies = RecordedBodies(configuration.bodies)
        record = ActivityRecord(headers: configuration.headers, bodies: bodies)
        sampler = Sampler(share: configuration.sample)
        counters = ActivityCounters(setup)
        let sink = try Self.sink(configuration, setup)
        sinkKind = configuration.sink
        sinkName = sink.name
        writer = LineWriter(
            sink,
            queue: LineQueue(
                capacity: configuration.queue, lineCapacity: 2048 + (bodies?.lineLength ?? 0)),
            flushInterval: configuration.flushInterval, setup: setup, events: .activity,
            counters: counters.lines)
    }

    private static func sink(_ configuration: Configuration, _ setup: Setup)
        throws(ConfigurationError) -> any LineSink
    {
        switch configuration.sink {
        case .file:
            return FileSink(
                setup.path(configuration.file ?? ""), rotation: configuration.rotate,
                time: setup.time, log: setup.log)
        case .stdout: return StandardOutputSink()
        case .redis:
            let stream = setup.stream(
                configuration.stream, maximumLength: configuration.maxLength)
            guard let stream else {
                throw ConfigurationError(
                    setting: "sink",
                    "\"redis\" needs a Redis, and the file names none: add \"state\": { \"redis\": \"redis://127.0.0.1:6379/0\" } beside \"plugins\""
                )
            }
            return RedisStreamSink(stream)
        }
    }

    // MARK: Its life

    /// A body that is not asked for costs nothing.
    public func takesPart(in phase: Phase) -> Bool {
        switch phase {
        case .requestBody: bodies?.hasRequest ?? false
        case .responseBody: bodies?.hasResponse ?? false
        default: true
        }
    }

    public func start() throws {
        try writer.start()
        // Not before: a configuration that is refused must not take the place of the one in force.
        func gauge(
            _ name: String, _ help: String, read: @escaping @Sendable (LineWriter) -> Double
        ) {
            setup.metrics.gauge(name, help, labels: [("plugin", setup.label)]) {
                [weak writer] in writer.map(read) ?? 0
            }
        }
        gauge("activity_queued", "Activity records that wait to be written.") { Double($0.queued) }
        gauge(
            "activity_sink_failing", "Whether activity records cannot be written now (0 or 1)."
        ) { $0.standing.isFailing ? 1 : 0 }
    }

    public func reopen() { writer.reopen() }

    public func stop() { writer.stop() }

    // MARK: Each request

    public func requestBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) {
        bodies?.takeRequest(bytes, isLast: isLast, of: exchange)
    }

    public func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool)
        -> BodyDecision
    {
        bodies?.takeResponse(bytes, isLast: isLast, of: exchange)
        return .pass
    }

    public func completed(_ exchange: Exchange) {
        defer { bodies?.release(exchange) }
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

    // MARK: The admin API

    /// Where records go, what has become of them (since the process began, under this label), and
    /// whether they can be written now. Any thread.
    public var state: JSONValue {
        let standing = writer.standing
        return [
            "sink": .string(sinkKind.rawValue),
            "place": .string(sinkName),
            "queued": .number(writer.queued),
            "written": .number(Int(counters.lines.written.value)),
            "dropped": [
                "queue_full": .number(Int(counters.lines.full.value)),
                "write_failed": .number(Int(counters.lines.failed.value)),
            ],
            "sampled_out": .number(Int(counters.sampledOut.value)),
            "failing_since": standing.failingSince.map { .string($0.description) } ?? .null,
            "last_error": standing.lastError.map { .string($0) } ?? .null,
        ]
    }
}
