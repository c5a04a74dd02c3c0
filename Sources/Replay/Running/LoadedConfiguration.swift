import PluginAPI
import Proxy

/// A configuration with its plugins made, and what these were made with. Nothing of it is started.
struct LoadedConfiguration {
    let name: String
    let configuration: ServerConfiguration
    let time: SteppedTime
    let store: MetricsStore
    let state: StateStore

    /// It is refused, and why, line by line.
    struct Refused: Error {
        let diagnostics: [String]
    }

    init(_ path: String, _ context: CommandContext, now: WallTime) throws(Refused) {
        let (store, time) = (MetricsStore(), SteppedTime(now))
        let state = StateStore(time: time)
        let loader = ConfigurationLoader(
            registry: context.registry, environment: context.environment
        ) { label, folder in
            Setup(
                label: label, folder: folder, time: time, log: .none, metrics: store, state: state)
        }
        let read = loader.load(path: path)
        guard let configuration = read.configuration else {
            throw Refused(diagnostics: read.diagnostics.map(\.description))
        }
        name = path
        self.configuration = configuration
        self.time = time
        self.store = store
        self.state = state
    }
}
