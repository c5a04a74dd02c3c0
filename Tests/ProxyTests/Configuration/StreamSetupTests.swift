import PluginAPI
import Testing

@testable import Proxy

/// Needs a stream, and says of which it was given.
private struct Streamer: Plugin, RequestPhase {
    static let name = "streamer"

    struct Configuration: PluginConfiguration {
        @Setting("stream", "Its name.") var stream: String = "events"
    }

    let place: String

    init(_ configuration: Configuration, _ setup: Setup) throws(ConfigurationError) {
        guard let stream = setup.stream(configuration.stream, maximumLength: 10) else {
            throw ConfigurationError(setting: "stream", "there is no Redis")
        }
        place = stream.name
    }

    func request(_ exchange: Exchange) -> Decision { .proceed }
}

@Suite("A plugin that needs a stream")
struct StreamSetupTests {
    private func load(_ state: String) -> ConfigurationLoader.Result {
        ConfigurationLoader.test(PluginRegistry([Streamer.self])).load(
            text: """
                { "listen": "127.0.0.1:0", \(state) "upstreams": { "a": { "url": "http://a" } },
                  "plugins": [{ "plugin": "streamer" }],
                  "routes": [{ "upstream": "a",
                    "plugins": [{ "plugin": "streamer", "label": "second", "config": { "stream": "others" } }] }] }
                """)
    }

    @Test("is given one in the Redis of the state, and nothing is asked of that yet")
    func given() throws {
        let result = load(#""state": { "redis": "redis://:secret@[::1]:1/2", "prefix": "p:" },"#)
        #expect(result.diagnostics.isEmpty)
        let configuration = try #require(result.configuration)
        let plugins = configuration.plugins + configuration.routes.flatMap(\.plugins)
        #expect(
            plugins.map { ($0.instance as? Streamer)?.place }
                == ["p:events at [::1]:1", "p:others at [::1]:1"])
    }

    @Test("is given none without a Redis", arguments: ["", #""state": null,"#])
    func none(state: String) {
        #expect(
            load(state).diagnostics.map(\.message)
                == ["there is no Redis", "there is no Redis"])
    }

    @Test("is not blamed for a state that is wrong")
    func wrong() {
        #expect(
            load(#""state": { "redis": "http://x" },"#).diagnostics.map(\.path) == ["state.redis"])
    }
}
