import PluginAPI

@testable import Proxy

/// A setup that writes and counts nothing.
struct NoMetrics: Metrics {
    func counter(
        _ name: String, _ help: String, labels: [(String, String)], decimals: Int
    ) -> Counter {
        Counter()
    }
    func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {}
}

extension ConfigurationLoader {
    static func test(
        _ registry: PluginRegistry = TestPlugins.registry, environment: [String: String] = [:],
        upstreamTarget: TargetAddress? = nil
    ) -> ConfigurationLoader {
        ConfigurationLoader(
            registry: registry, environment: environment, upstreamTarget: upstreamTarget
        ) { label, folder in
            Setup(
                label: label, folder: folder, time: SystemTime(), log: .none, metrics: NoMetrics(),
                state: StateStore())
        }
    }

    func load(text: String, folder: String = "/nowhere") -> Result {
        load(bytes: Array(text.utf8), name: "plugins.json", folder: folder)
    }
}

/// A file with something wrong, and what an operator is told about it.
struct Broken: Sendable, CustomStringConvertible {
    let description: String
    let file: String
    let told: String

    /// - Parameters:
    ///   - file: plugins.json; a list of entries under `"rest"` is not there, so write all that counts.
    ///   - told: one line for each diagnostic.
    init(_ description: String, _ file: String, _ told: String) {
        self.description = description
        self.file = file
        self.told = told
    }

    static let environment = [
        "PORT": "8080", "API_KEY": "sk-secret", "RATE": "60 per minute", "COUNT": "12",
        "EMPTY": "",
    ]

    var said: String {
        ConfigurationLoader.test(environment: Self.environment).load(text: file).diagnostics
            .map(\.description).joined(separator: "\n")
    }
}
