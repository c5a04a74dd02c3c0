// Feeds random bytes to the reader of plugins.json, and what it reads to the root's settings.

import PluginAPI

@testable import Proxy

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let result = JSONReader.read(bytes)
    precondition(result.value != nil || !result.issues.isEmpty, "nothing read and nothing said")
    if let value = result.value, result.issues.isEmpty {
        let again = JSONReader.read(Array(value.settingJSON.description.utf8)).value
        precondition(
            again?.settingJSON == value.settingJSON, "what was read is not what is written")
    }
    let loader = ConfigurationLoader(registry: PluginRegistry([]), environment: ["A": "a"]) {
        label, _ in fatalError("no plugin to set up: \(label)")
    }
    let loaded = loader.load(bytes: bytes, name: "plugins.json", folder: "/nowhere")
    precondition(
        (loaded.configuration == nil) == loaded.diagnostics.contains { $0.severity == .error })
    return 0
}
