import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("tracing: the collector")
struct CollectorSinkTests {
    private let proxy = TestProxy()

    private func sink(_ collector: ScriptedCollector, batch: Int = 512) throws
        -> (CollectorSink, Counter)
    {
        var configuration = Tracing.Configuration()
        configuration.endpoint = HTTPURL("http://127.0.0.1:4318/v1/traces?key=secret")!
        configuration.headers = HeaderFields([("api-key", "k")])
        configuration.serviceName = "edge \"1\""
        configuration.batch = batch
        let failures = Counter()
        return (
            CollectorSink(collector, configuration, version: "1.2", failures: failures), failures
        )
    }

    private func write(_ count: Int, to sink: CollectorSink) throws -> SinkProgress {
        let lines = (0..<count).map { #"{"name":"\#($0)"}"# + "\n" }.joined()
        return try Array(lines.utf8).withUnsafeBufferPointer { try sink.write($0) }
    }

    private func names(_ body: String) throws -> [String] {
        let json = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        let resource = (json?["resourceSpans"] as? [[String: Any]])?.first
        let scope = (resource?["scopeSpans"] as? [[String: Any]])?.first
        let spans = scope?["spans"] as? [[String: Any]]
        return spans?.compactMap { $0["name"] as? String } ?? []
    }

    @Test("spans are posted a batch at a time, each request whole JSON")
    func batches() throws {
        let collector = ScriptedCollector()
        let (sink, failures) = try sink(collector, batch: 3)
        let progress = try write(5, to: sink)
        #expect(progress.bytes == 3 * #"{"name":"0"}"#.count + 3)
        #expect(progress.rejected == 0 && progress.complaint == nil)
        #expect(try names(collector.bodies[0]) == ["0", "1", "2"])
        #expect(failures.value == 0)
        let fields = collector.fields[0].map { "\($0.0): \($0.1)" }
        #expect(fields == ["content-type: application/json", "api-key: k"])
        let json = JSONReader.read(Array(collector.bodies[0].utf8)).value
        let resource = json?["resourceSpans"]?.array?.first
        let attributes = resource?["resource"]?["attributes"]?.array ?? []
        #expect(
            attributes.map { $0["key"]?.string } == [
                "service.name", "service.version", "process.pid",
            ])
        #expect(attributes[0]["value"]?["stringValue"]?.string == "edge \"1\"")
        #expect(attributes[1]["value"]?["stringValue"]?.string == "1.2")
        #expect(attributes[2]["value"]?["intValue"]?.string.flatMap { Int($0) } ?? 0 > 0)
        let scope = resource?["scopeSpans"]?.array?.first?["scope"]
        #expect(scope?["name"]?.string == "sluice")
    }

    @Test("what the log shows of the endpoint is not its query")
    func name() throws {
        #expect(try sink(ScriptedCollector()).0.name == "http://127.0.0.1:4318/v1/traces")
    }

    @Test("what may pass is tried again", arguments: [429, 502, 503, 504])
    func passing(status: Int) throws {
        let (sink, failures) = try sink(
            ScriptedCollector(.status(status, "busy\nnow", retryAfter: .seconds(7))))
        let failure = #expect(throws: SinkFailure.self) { try write(2, to: sink) }
        #expect(failure?.isPassing == true)
        #expect(failure?.rest == .seconds(7))
        #expect(failure?.description == "the collector answered \(status): busy now")
        #expect(failures.value == 1)
    }

    @Test("a collector that is not there is tried again")
    func unreachable() throws {
        let (sink, failures) = try sink(ScriptedCollector(.unreachable))
        let failure = #expect(throws: SinkFailure.self) { try write(2, to: sink) }
        #expect(failure?.description == "nobody is there")
        #expect(failures.value == 1)
    }

    @Test(
        "what the collector will not have is not tried again",
        arguments: [301, 400, 401, 404, 413, 500])
    func refused(status: Int) throws {
        let (sink, failures) = try sink(ScriptedCollector(.status(status)))
        let progress = try write(2, to: sink)
        #expect(progress.rejected == 2)
        #expect(progress.complaint?.description == "the collector answered \(status)")
        #expect(failures.value == 1)
    }

    @Test(
        "what is rejected of a batch is counted",
        arguments: [
            (#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#, 2),
            (#"{"partialSuccess":{"rejectedSpans":1}}"#, 1),
            (#"{"partialSuccess":{"rejectedSpans":"99"}}"#, 5),
            (#"{"partialSuccess":{"rejectedSpans":"0","errorMessage":"a hint"}}"#, 0),
            (#"{"partialSuccess":{}}"#, 0), (#"{"partialSuccess":null}"#, 0), ("{}", 0), ("", 0),
            ("thanks", 0), (#"{"partialSuccess":{"rejectedSpans":"-1"}}"#, 0), ("[1]", 0),
        ])
    func partial(body: String, rejected: Int) throws {
        let (sink, failures) = try sink(ScriptedCollector(.status(200, body)))
        let progress = try write(5, to: sink)
        #expect(progress.rejected == rejected)
        #expect((progress.complaint != nil) == (rejected > 0))
        #expect(failures.value == (rejected > 0 ? 1 : 0))
    }
}
