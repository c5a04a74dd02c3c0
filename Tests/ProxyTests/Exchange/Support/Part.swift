import PluginAPI

@testable import Proxy

/// An entry of a chain.
struct Part: Sendable {
    let plugin: String
    let label: String
    let mode: PluginMode
    let script: Script

    private init(
        _ plugin: any Plugin.Type, _ label: String, _ mode: PluginMode,
        _ change: (inout Script) -> Void
    ) {
        self.plugin = plugin.name
        self.label = label
        self.mode = mode
        var script = Script()
        change(&script)
        self.script = script
    }

    /// Takes part in every phase but those that wait.
    static func probe(
        _ label: String, _ mode: PluginMode = .enforce, _ change: (inout Script) -> Void = { _ in }
    ) -> Part {
        Part(Probe.self, label, mode, change)
    }

    /// Decides asynchronously.
    static func waiting(
        _ label: String, _ mode: PluginMode = .enforce, _ change: (inout Script) -> Void = { _ in }
    ) -> Part {
        Part(WaitingProbe.self, label, mode, change)
    }

    /// Decides by counting in shared state.
    static func counting(
        _ label: String, _ mode: PluginMode = .enforce, limit: Double,
        _ change: (inout Script) -> Void = { _ in }
    ) -> Part {
        Part(CountingProbe.self, label, mode) {
            $0.limit = limit
            change(&$0)
        }
    }

    /// Decides with the whole body.
    static func whole(
        _ label: String, _ mode: PluginMode = .enforce, _ change: (inout Script) -> Void = { _ in }
    ) -> Part {
        Part(WholeProbe.self, label, mode, change)
    }

    /// Has all three hooks of the request phase.
    static func thorough(_ label: String, _ change: (inout Script) -> Void = { _ in }) -> Part {
        Part(ThoroughProbe.self, label, .enforce, change)
    }

    /// Does not look at bodies.
    static func brief(
        _ label: String, _ mode: PluginMode = .enforce, _ change: (inout Script) -> Void = { _ in }
    ) -> Part {
        Part(BriefProbe.self, label, mode, change)
    }

    var json: String {
        #"{ "plugin": "\#(plugin)", "label": "\#(label)", "mode": "\#(mode.rawValue)" }"#
    }
}
