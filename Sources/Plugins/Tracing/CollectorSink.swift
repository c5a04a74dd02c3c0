import Glibc
import PluginAPI

/// Posts spans to a collector by OTLP/HTTP in JSON (OpenTelemetry Protocol 1.x, "OTLP/HTTP").
final class CollectorSink: LineSink {
    let name: String
    let isRemote = true
    private let client: any PostClient
    private let fields: [(String, String)]
    private let timeout: Duration
    private let batch: Int
    private let failures: Counter
    /// What stands before the spans.
    private let prefix: String
    private let body = JSONBuffer(capacity: 1 << 12)

    /// The most that is posted at once, unless one span is longer. Collectors take 20 MiB unless told otherwise.
    private static let byteBound = 4 << 20
    /// Memory that a busy time took is given back.
    private static let keptCapacity = 1 << 20

    init(
        _ client: any PostClient, _ configuration: Tracing.Configuration, version: String,
        failures: Counter
    ) {
        self.client = client
        self.failures = failures
        name = configuration.endpoint.withoutQuery
        fields = [("content-type", "application/json")] + configuration.headers.fields
        timeout = configuration.timeout
        batch = configuration.batch
        prefix = Self.prefix(configuration.serviceName, version)
    }

    private static func prefix(_ service: String, _ version: String) -> String {
        func attribute(_ key: String, _ value: JSONValue) -> JSONValue {
            ["key": .string(key), "value": value]
        }
        let resource: JSONValue = [
            "attributes": [
                attribute("service.name", ["stringValue": .string(service)]),
                attribute("service.version", ["stringValue": .string(version)]),
                attribute("process.pid", ["intValue": .string("\(getpid())")]),
            ]
        ]
        let scope: JSONValue = ["name": "sluice", "version": .string(version)]
        return
            #"{"resourceSpans":[{"resource":\#(resource),"scopeSpans":[{"scope":\#(scope),"spans":["#
    }

    func prepare() -> Bool { false }

    func close() {}

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress {
        let (count, bytes) = fillBody(lines)
        let answer: PostAnswer
        do {
            answer = try client.post(body.bytes, fields: fields, timeout: timeout)
        } catch {
            failures.add()
            throw SinkFailure("\(error)", isPassing: true)
        }
        switch answer.status {
        case 200...299: return taken(count, bytes, answer)
        case 429, 502, 503, 504:
            failures.add()
            var failure = SinkFailure(Self.words(answer), isPassing: true)
            failure.rest = answer.retryAfter
            throw failure
        default:
            // Whatever is wrong with them will be the next time too.
            failures.add()
            let complaint = SinkFailure(Self.words(answer), isPassing: true)
            return SinkProgress(bytes: bytes, rejected: count, complaint: complaint)
        }
    }

    private func fillBody(_ lines: UnsafeBufferPointer<UInt8>) -> (count: Int, bytes: Int) {
        body.removeAll(keepingAtMost: Self.keptCapacity)
        body.appendVerbatim(prefix)
        var (count, begin) = (0, 0)
        while count < batch, begin < Self.byteBound, let end = lines.lineEnd(from: begin) {
            if count > 0 { body.append(",") }
            body.append(UnsafeBufferPointer(rebasing: lines[begin..<end]))
            begin = end + 1
            count += 1
        }
        body.append("]}]}]}")
        return (count, begin)
    }

    /// The collector may have taken some and not others.
    private func taken(_ count: Int, _ bytes: Int, _ answer: PostAnswer) -> SinkProgress {
        guard let partial = JSONReader.read(answer.body).value?["partialSuccess"],
            let rejected = Self.number(partial["rejectedSpans"]), rejected > 0
        else { return SinkProgress(bytes: bytes) }
        failures.add()
        let reason = partial["errorMessage"]?.string ?? ""
        let complaint = SinkFailure(
            "the collector rejected \(rejected) of \(count) spans: \(Self.shortened(reason))",
            isPassing: true)
        return SinkProgress(bytes: bytes, rejected: min(rejected, count), complaint: complaint)
    }

    /// A number of 64 bits, which JSON in Protobuf's mapping may have as a string.
    private static func number(_ value: ConfigurationValue?) -> Int? {
        switch value?.content {
        case .number(let digits)?, .string(let digits)?: Int(digits)
        default: nil
        }
    }

    private static func words(_ answer: PostAnswer) -> String {
        let text = shortened(String(decoding: answer.body, as: UTF8.self))
        return "the collector answered \(answer.status)" + (text.isEmpty ? "" : ": \(text)")
    }

    /// One line for the log.
    private static func shortened(_ text: String) -> String {
        String(text.unicodeScalars.prefix(200).map { $0.value < 0x20 ? " " : Character($0) })
    }
}
