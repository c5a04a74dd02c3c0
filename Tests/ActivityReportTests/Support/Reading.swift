import ActivityReport
import PluginAPI

/// The records of a text, each looked at while it is valid.
func read<Value>(_ text: String, _ look: (ActivityRecord) -> Value) -> [Value] {
    let reader = ActivityRecordReader(name: "test.jsonl")
    var found: [Value] = []
    Array(text.utf8).withUnsafeBufferPointer { bytes in
        reader.read(bytes) { found.append(look($0)) }
    }
    reader.end { found.append(look($0)) }
    return found
}

/// What is said of the lines of a text that are no records.
func skipped(_ text: String) -> SkippedLines {
    let reader = ActivityRecordReader(name: "test.jsonl")
    Array(text.utf8).withUnsafeBufferPointer { bytes in reader.read(bytes) { _ in } }
    reader.end { _ in }
    return reader.skipped
}
