import Dispatch
import Glibc
import PluginAPI

/// Writes the operator's log to a descriptor from a thread of its own, so that a reader of stderr
/// who stops reading does not stop the proxy.
package final class LogWriter: Sendable {
    package enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    private struct State {
        var waiting: [UInt8] = []
        var lost = 0
        var isWriting = false
    }

    /// What may wait to be written, in bytes. Lines beyond it are counted, and their number is written.
    private static let capacity = 1 << 20

    private let descriptor: Int32
    private let format: Format
    private let time: any TimeSource
    private let state = Locked(State())
    private let queue = DispatchQueue(label: "sluice.log")

    package init(
        descriptor: Int32 = STDERR_FILENO, format: Format, time: any TimeSource = SystemTime()
    ) {
        self.descriptor = descriptor
        self.format = format
        self.time = time
    }

    /// A log that is written here, from that level on.
    package func log(_ level: Log.Level) -> Log {
        Log(level: level) { [self] level, event, fields in
            write(format == .json ? json(level, event, fields) : text(level, event, fields))
        }
    }

    /// Waits until everything is written.
    package func flush() {
        queue.sync { drain() }
    }

    private func write(_ line: String) {
        let mustStart = state.withLock { state in
            guard state.waiting.count + line.utf8.count <= Self.capacity else {
                state.lost += 1
                return false
            }
            state.waiting.append(contentsOf: line.utf8)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let (bytes, lost) = state.withLock { state in
                defer { state.lost = 0 }
                let taken = state.waiting
                state.waiting = []
                if taken.isEmpty { state.isWriting = false }
                return (taken, state.lost)
            }
            if bytes.isEmpty { return }
            writeAll(bytes)
            if lost > 0 {
                let fields = [("lines", String(lost))]
                let event = "log lines were lost because stderr was not read"
                writeAll(
                    Array(
                        (format == .json
                            ? json(.warning, event, fields) : text(.warning, event, fields)).utf8))
            }
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count > 0 { offset += count } else if errno != EINTR && errno != EAGAIN { return }
        }
    }

    private func text(_ level: Log.Level, _ event: String, _ fields: [(String, String)]) -> String {
        let name = "\(level)".uppercased()
        let padded = name + String(repeating: " ", count: max(0, 7 - name.count))
        let tail = fields.map { " \($0)=\(Self.needsQuotes($1) ? JSONText.quoted($1) : $1)" }
            .joined()
        return "\(time.wall) \(padded) \(Self.printable(event))\(tail)\n"
    }

    private func json(_ level: Log.Level, _ event: String, _ fields: [(String, String)]) -> String {
        var line =
            "{\"time\":\"\(time.wall)\",\"level\":\"\(level)\",\"event\":\(JSONText.quoted(event))"
        for (name, value) in fields {
            line += ",\(JSONText.quoted(name)):\(JSONText.quoted(value))"
        }
        return line + "}\n"
    }

    private static func needsQuotes(_ text: String) -> Bool {
        text.isEmpty
            || text.unicodeScalars.contains {
                $0.value <= 0x20 || $0.value >= 0x7F || $0 == "\"" || $0 == "="
            }
    }

    /// Without what would break the line or steer a terminal.
    private static func printable(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            kept.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return String(kept)
    }
}
