import ActivityReport
import PluginAPI
import Proxy

/// What `sluice replay` is asked.
struct ReplayOptions {
    var files: [String]
    var running: String
    var new: String
    /// How many single requests are told.
    var listLength: Int
    /// How many rows a table has.
    var most: Int
    var isJSON: Bool

    init(_ arguments: inout Arguments) throws {
        guard let new = try arguments.option("--config") else {
            throw CommandLineError(
                "expected --config and the file to try: sluice replay activity.jsonl --config new.json"
            )
        }
        self.new = new
        running = try arguments.option("--running") ?? "plugins.json"
        isJSON = arguments.flag("--json")
        listLength = try arguments.option("--list").map { try Self.number($0, "--list") } ?? 0
        let top = try arguments.option("--top")
        most = try top.map { $0 == "all" ? .max : try Self.number($0, "--top") } ?? 10
        var files: [String] = []
        while let file = arguments.word() { files.append(file) }
        try arguments.end()
        if files.isEmpty { files = ["activity.jsonl"] }
        if files.filter({ $0 == ActivityFile.standardInput }).count > 1 {
            throw CommandLineError("standard input (-) can be read once")
        }
        self.files = files
    }

    private static func number(
        _ text: String, _ option: String
    ) throws(CommandLineError) -> Int {
        guard let number = Int(text), 1...100_000 ~= number else {
            throw CommandLineError(
                "\(option): expected a number from 1 to 100000, found"
                    + " \(JSONValue.string(text).abbreviated)")
        }
        return number
    }
}
