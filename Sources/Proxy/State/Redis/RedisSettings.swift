import PluginAPI

/// Where a Redis server is, and how long is waited for it.
package struct RedisSettings: Sendable {
    package var address: RedisAddress
    /// How long a command waits for its answer before the server counts as away. From 1 ms; kept to a
    /// tick of the loop's timers.
    package var timeout: Duration
    /// How long one attempt may take from its beginning until the connection is ready.
    package var connectTimeout: Duration
    package var reconnectDelay: ReconnectDelay
    /// A key that is deleted to see whether the server takes changes; nothing is ever kept there.
    package var probeKey: [UInt8]

    package init(
        address: RedisAddress, timeout: Duration = .milliseconds(50),
        connectTimeout: Duration = .seconds(1), reconnectDelay: ReconnectDelay = ReconnectDelay(),
        probeKey: [UInt8] = Array("sluice:probe".utf8)
    ) {
        self.address = address
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.reconnectDelay = reconnectDelay
        self.probeKey = probeKey
    }
}
