/// Where events for the operator go: one structured line each, written off the calling thread.
public struct Log: Sendable {
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug, info, warning, error

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// The lowest level that is written.
    public let level: Level
    private let write: @Sendable (Level, String, [(String, String)]) -> Void

    public init(
        level: Level, write: @escaping @Sendable (Level, String, [(String, String)]) -> Void
    ) {
        self.level = level
        self.write = write
    }

    /// - Parameters:
    ///   - event: what happened, in the same words each time: `"upstream target unhealthy"`.
    ///   - fields: what is particular this time.
    public func callAsFunction(
        _ level: Level, _ event: @autoclosure () -> String,
        _ fields: @autoclosure () -> [(String, String)] = []
    ) {
        guard level >= self.level else { return }
        write(level, event(), fields())
    }

    /// A log that adds fields to each line.
    public func with(_ added: (String, String)...) -> Log {
        let write = write
        return Log(level: level) { level, event, fields in write(level, event, added + fields) }
    }

    /// A log that writes nothing.
    public static let none = Log(level: .error) { _, _, _ in }
}
