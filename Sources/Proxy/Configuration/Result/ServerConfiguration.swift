import PluginAPI

/// A checked plugins.json, with its plugins built: what the engine runs by.
package struct ServerConfiguration: Sendable {
    package let listeners: [ListenerConfiguration]
    /// Nil when there is no admin listener.
    package let admin: ListenAddress?
    /// What requests to it must bring; nil when they need nothing.
    package let adminToken: String?
    /// Event-loop threads; 0 is one per core.
    package let workers: Int
    package let limits: LimitConfiguration
    package let timeouts: TimeoutConfiguration
    /// Nil when the state is in memory.
    package let state: StateConfiguration?
    package let upstreams: [UpstreamConfiguration]
    /// The head of every chain.
    package let plugins: [ConfiguredPlugin]
    /// In the order of the file: the first that matches wins.
    package let routes: [RouteConfiguration]
    /// The whole of it with its defaults, without what must not be shown.
    package let effective: JSONValue
    /// What its instances show of themselves while it is in force.
    package let gauges: InstanceGauges
}

/// What one client may ask for.
package struct LimitConfiguration: Sendable, Equatable {
    /// Open client connections, all loops together.
    package let connections: Int
    /// Bytes.
    package let requestLine: Int
    /// Bytes of all fields together.
    package let requestHeaders: Int
    package let headerCount: Int
    /// Bytes.
    package let requestBody: Int
}

/// How long the proxy waits for a client.
package struct TimeoutConfiguration: Sendable, Equatable {
    /// For the whole head.
    package let requestHeaders: Duration
    /// Between two runs of body bytes.
    package let requestBodyIdle: Duration
    /// For the next request of a connection.
    package let keepAlive: Duration
    /// For what is in flight when the proxy is to end.
    package let drain: Duration
}

/// The state that replicas share.
package struct StateConfiguration: Sendable, Equatable {
    package let redis: RedisAddress
    /// What every key begins with.
    package let prefix: String
    /// For one answer of Redis.
    package let timeout: Duration
    package let whenUnavailable: UnavailableStatePolicy

    /// The same with another policy.
    func with(_ policy: UnavailableStatePolicy) -> StateConfiguration {
        StateConfiguration(
            redis: redis, prefix: prefix, timeout: timeout, whenUnavailable: policy)
    }
}

/// How a request is decided when the shared state does not answer.
package enum UnavailableStatePolicy: String, SettingChoice {
    /// By this process's own counters.
    case local
    case allow, deny
}
