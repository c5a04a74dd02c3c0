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
        let base = UnsafePointer(storage.base)
        let end = storage.count
        var (start, stop) = (0, 0)
        for field in headers.fields where !isSkipped(field.id) {
            let (nameStart, nameEnd) = (field.name.offset, field.name.end)
            let valueEnd = field.value.end
            if field.value.offset == nameEnd + 2, valueEnd + 2 <= end,
                isPair(base + nameEnd, ": "), isPair(base + valueEnd, "\r\n")
            {
                if nameStart != stop {
                    buffer.append(UnsafeBufferPointer(start: base + start, count: stop - start))
                    start = nameStart
                }
                stop = valueEnd + 2
            } else {
                buffer.append(UnsafeBufferPointer(start: base + start, count: stop - start))
                (start, stop) = (0, 0)
                buffer.append(storage.slice(field.name))
                buffer.append(": ")
                buffer.append(storage.slice(field.value))
                buffer.append("\r\n")
            }
        }
        buffer.append(UnsafeBufferPointer(start: base + start, count: stop - start))
    }

    @inline(__always)
    private static func isPair(_ bytes: UnsafePointer<UInt8>, _ pair: StaticString) -> Bool {
        UnsafeRawPointer(bytes).loadUnaligned(as: UInt16.self)
            == UnsafeRawPointer(pair.utf8Start).loadUnaligned(as: UInt16.self)
    }
}
