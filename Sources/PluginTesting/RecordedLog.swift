import PluginAPI

/// Keeps what plugins log.
public final class RecordedLog: Sendable {
    public struct Line: Sendable {
        public let level: Log.Level
        public let event: String
        public let fields: [(name: String, value: String)]

        /// The first field of that name.
        public subscript(field: String) -> String? { fields.first { $0.name == field }?.value }
    }

    private let recorded = Locked<[Line]>([])

    public init() {}

    /// In the order in which they were logged.
    public var lines: [Line] { recorded.withLock { $0 } }

    public var events: [String] { lines.map(\.event) }

    /// The log to give to a plugin.
    public var log: Log {
        Log(level: .debug) { level, event, fields in
            let line = Line(
                level: level, event: event, fields: fields.map { (name: $0.0, value: $0.1) })
            self.recorded.withLock { $0.append(line) }
        }
    }
}
