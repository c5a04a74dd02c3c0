import PluginAPI

/// Writes field lines.
enum FieldWriter {
    /// Writes the fields in order, with `isSkipped` left out.
    ///
    /// Lines that stand in the storage just as they would be written, one behind the other, are
    /// copied in one go: most of a received head.
    @inline(__always)
    static func write(
        _ headers: Headers, to buffer: inout ByteBuffer, except isSkipped: (FieldID) -> Bool
    ) {
        let storage = headers.storage
        let written = UnsafeBufferPointer(start: storage.base, count: storage.count)
        var run = 0..<0
        for field in headers.fields where !isSkipped(field.id) {
            if isLine(field, in: written) {
                let line = field.name.offset..<field.value.end + 2
                if line.lowerBound == run.upperBound {
                    run = run.lowerBound..<line.upperBound
                } else {
                    buffer.append(written.slice(run))
                    run = line
                }
            } else {
                buffer.append(written.slice(run))
                run = 0..<0
                buffer.append(storage.slice(field.name))
                buffer.append(": ")
                buffer.append(storage.slice(field.value))
                buffer.append("\r\n")
            }
        }
        buffer.append(written.slice(run))
    }

    /// Whether the storage holds `name: value` and CRLF in one piece.
    @inline(__always)
    private static func isLine(
        _ field: Headers.Field, in bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let nameEnd = field.name.end
        let valueEnd = field.value.end
        return field.value.offset == nameEnd + 2 && valueEnd + 2 <= bytes.count
            && bytes[nameEnd] == UInt8(ascii: ":") && bytes[nameEnd + 1] == UInt8(ascii: " ")
            && bytes[valueEnd] == UInt8(ascii: "\r") && bytes[valueEnd + 1] == UInt8(ascii: "\n")
    }
}
