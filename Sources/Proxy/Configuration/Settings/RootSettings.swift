import PluginAPI

/// plugins.json.
struct RootSettings: SettingsObject {
    @Setting("listen", "The address or addresses that clients connect to.")
    var listen: ListenSetting
    @Setting("admin", "The address of the admin listener; null for none.")
    var admin: AdminSetting?
    @Setting("workers", "Event-loop threads; 0 is one per core.", in: 0...256, unit: "threads")
    var workers: Int = 0
    @Setting("limits", "What one client may ask for.")
    var limits: LimitSettings = LimitSettings()
    @Setting("timeouts", "How long the proxy waits for a client.")
    var timeouts: TimeoutSettings = TimeoutSettings()
    @Setting("state", "The state that replicas share; null keeps it in memory.")
    var state: StateSettings?
    @Setting("upstreams", "The services that requests are passed on to, by name.")
    var upstreams: NamedValues<Deferred<UpstreamSettings>> = NamedValues()
    @Setting("plugins", "The head of every route's chain: requests pass first to last.")
    var plugins: [Deferred<PluginEntrySettings>] = []
    @Setting("routes", "Which requests go where; the first that matches wins.")
    var routes: [Deferred<RouteSettings>] = []
    @Setting("$schema", "Where an editor finds the schema; not read by the proxy.")
    var schema: String?
}

struct LimitSettings: SettingsObject {
    @Setting("connections", "Open client connections.", in: 1...10_000_000, unit: "connections")
    var connections: Int = 20000
    @Setting(
        "requestLine", "The longest request line.",
        in: ByteSize(bytes: 64)...ByteSize.mebibytes(16))
    var requestLine: ByteSize = .kibibytes(8)
    @Setting(
        "requestHeaders", "All header fields of a request together.",
        in: ByteSize(bytes: 256)...ByteSize.mebibytes(16))
    var requestHeaders: ByteSize = .kibibytes(64)
    @Setting("headerCount", "Header fields of a request.", in: 1...10000, unit: "fields")
    var headerCount: Int = 100
    @Setting("requestBody", "The longest request body.")
    var requestBody: ByteSize = .mebibytes(100)

    var checked: LimitConfiguration {
        LimitConfiguration(
            connections: connections, requestLine: requestLine.bytes,
            requestHeaders: requestHeaders.bytes, headerCount: headerCount,
            requestBody: requestBody.bytes)
    }
}

struct TimeoutSettings: SettingsObject {
    @Setting("requestHeaders", "For the whole head of a request.")
    var requestHeaders: Duration = .seconds(10)
    @Setting("requestBodyIdle", "Between two runs of bytes of a request's body.")
    var requestBodyIdle: Duration = .seconds(30)
    @Setting("keepAlive", "For the next request of a connection.")
    var keepAlive: Duration = .seconds(75)
    @Setting(
        "drain", "For what is in flight when the proxy is to end.", in: .zero ... .seconds(86400))
    var drain: Duration = .seconds(30)

    var checked: TimeoutConfiguration {
        TimeoutConfiguration(
            requestHeaders: requestHeaders, requestBodyIdle: requestBodyIdle, keepAlive: keepAlive,
            drain: drain)
    }
}

struct StateSettings: SettingsObject {
    @Setting("redis", "The Redis server.") var redis: RedisAddress
    @Setting("prefix", "What every key begins with.") var prefix: String = "sluice:"
    @Setting(
        "timeout", "How long a decision waits for Redis.", in: .milliseconds(1) ... .seconds(10))
    var timeout: Duration = .milliseconds(50)
    @Setting(
        "whenUnavailable",
        "What limits do while Redis does not answer: count in this process alone, let pass, or refuse."
    )
    var whenUnavailable: UnavailableStatePolicy = .local

    var checked: StateConfiguration {
        StateConfiguration(
            redis: redis, prefix: prefix, timeout: timeout, whenUnavailable: whenUnavailable)
    }
}
