import PluginAPI

/// Takes requests' traces on, or begins them, and exports what this proxy had to do with them.
public struct Tracing: Plugin, RequestPhase, CompletedPhase {
    public static let name = "tracing"
    public static let summary =
        "Passes W3C trace contexts on, and exports spans of sampled requests by OTLP/HTTP."
    public static let reads: [any FactDeclaration] = [
        Facts.peerIsTrusted, Facts.forwardedHost, Facts.clientAddress.whenCompleted,
        Facts.forwardedProto.whenCompleted,
    ]

    public struct Configuration: PluginConfiguration {
        @Setting("endpoint", "Where spans are posted to, the path included.")
        public var endpoint: HTTPURL

        @Setting("headers", "Fields to post them with, such as a key.", secret: true)
        public var headers = HeaderFields([])

        @Setting("serviceName", "The resource's `service.name`.", count: 1...200)
        public var serviceName = "sluice"

        @Setting("sample", "The share of the traces that begin here to export.", in: 0.0...1.0)
        public var sample = 0.01

        @Setting(
            "respectParent",
            "Whether a trace that a trusted peer has begun is exported if, and only if, the peer says so."
        )
        public var respectParent = true

        @Setting(
            "slowPlugin", "How long a plugin's hook takes that gets a span of its own.",
            in: .zero ... .seconds(3600))
        public var slowPlugin: Duration = .milliseconds(1)

        @Setting(
            "queue", "How many spans may wait to be exported; more are dropped and counted.",
            in: 1...1_000_000, unit: "spans")
        public var queue = 2048

        @Setting("batch", "How many spans are posted at once.", in: 1...10_000, unit: "spans")
        public var batch = 512

        @Setting(
            "interval", "How long a span may wait while there is no whole batch.",
            in: .milliseconds(10) ... .seconds(300))
        public var interval: Duration = .seconds(5)

        @Setting(
            "timeout",
            "How long the collector may take for one batch, and a drain for the last ones.",
            in: .milliseconds(10) ... .seconds(60))
        public var timeout: Duration = .seconds(10)

        public init() {}
    }

    private let endpoint: HTTPURL
    private let sampler: TraceSampler
    private let respectsParent: Bool
    private let slowness: Int64
    private let exporter: SpanExporter?
    private let setup: Setup

    public var decidesBy: RequestParts? { nil }

    public init(_ configuration: Configuration, _ setup: Setup) {
        self.setup = setup
        endpoint = configuration.endpoint
        sampler = TraceSampler(share: configuration.sample)
        respectsParent = configuration.respectParent
        slowness = configuration.slowPlugin.nanoseconds
        // Where nothing may be sent there is none, and requests are marked as they would be.
        let url = configuration.endpoint
        exporter =
            setup.maySend
            ? setup.kept(Self.exporterName(configuration)) {
                SpanExporter(configuration, setup) { setup.postClient(to: url)! }
            } : nil
    }

    /// Another for other settings.
    private static func exporterName(_ configuration: Configuration) -> String {
        let headers = configuration.headers.fields.map { "\($0.0): \($0.1)" }
        let rest: [any CustomStringConvertible] = [
            configuration.endpoint.settingJSON, configuration.serviceName, configuration.queue,
            configuration.batch, configuration.interval, configuration.timeout,
        ]
        return "exporter \(rest.map(\.description) + headers)"
    }

    // MARK: Its life

    public func start() throws {
        guard let exporter else { return }
        try exporter.start()
        // Not before: a configuration that is refused must not take the place of the one in force.
        func gauge(
            _ name: String, _ help: String, read: @escaping @Sendable (SpanExporter) -> Double
        ) {
            setup.metrics.gauge(name, help, labels: [("plugin", setup.label)]) {
                [weak exporter] in exporter.map(read) ?? 0
            }
        }
        gauge("tracing_spans_queued", "Spans that wait to be exported.") { Double($0.queued) }
        gauge("tracing_export_failing", "Whether spans cannot be exported now (0 or 1).") {
            $0.standing?.isFailing ?? false ? 1 : 0
        }
    }

    public func stop() { exporter?.stop() }

    // MARK: Each request

    public func request(_ exchange: Exchange) -> Decision {
        let headers = exchange.request.headers
        let fields = TraceFields(headers)
        let parent = exchange[Facts.peerIsTrusted] == true ? fields.parent : nil
        let place = makePlace(under: parent)
        if place.isSampled, exporter != nil {
            exchange.observer = ExchangeTrace(
                place, parent: parent?.span,
                host: exchange[Facts.forwardedHost] ?? headers["host"]?.string, time: setup.time,
                slowness: slowness, marksAttempts: !setup.isObserved)
        }
        if setup.isObserved { return .proceed }
        if fields.hasState, parent == nil || !fields.stateIsPassable {
            headers.remove("tracestate")
        }
        place.set(in: headers)
        return .proceed
    }

    private func makePlace(under parent: TraceParent?) -> TraceParent {
        let random = RandomWords.triple()
        let span = random.2 == 0 ? 1 : random.2
        guard let parent else {
            let trace = (high: random.0, low: random.1 == 0 ? 1 : random.1)
            return TraceParent(trace: trace, span: span, isSampled: sampler.takes(trace))
        }
        return TraceParent(
            trace: parent.trace, span: span,
            isSampled: respectsParent ? parent.isSampled : sampler.takes(parent.trace))
    }

    public func completed(_ exchange: Exchange) {
        guard let trace = exchange.observer as? ExchangeTrace else { return }
        exchange.observer = nil
        exporter?.export(trace, of: exchange)
    }

    /// Exports what is queued now, and waits until that has been tried.
    func flush() { exporter?.flush() }

    // MARK: The admin API

    /// Where spans go, what has become of them (since the process began, under this label), and whether they
    /// can be exported now. Any thread.
    public var state: JSONValue {
        guard let exporter else { return .null }
        let (counters, standing) = (exporter.counters, exporter.standing)
        return [
            "endpoint": .string(endpoint.withoutQuery),
            "queued": .number(exporter.queued),
            "exported": .number(Int(counters.lines.written.value)),
            "dropped": [
                "queue_full": .number(Int(counters.lines.full.value)),
                "export_failed": .number(Int(counters.lines.failed.value)),
                "rejected": .number(Int(counters.lines.rejected.value)),
            ],
            "export_failures": .number(Int(counters.failures.value)),
            "failing_since": standing?.failingSince.map { .string($0.description) } ?? .null,
            "last_error": standing?.lastError.map { .string($0) } ?? .null,
        ]
    }
}
