/// Fields whose values are written where they will stand, for what every answer gets.
extension Headers {
    /// Adds a field at the end.
    /// - Parameters:
    ///   - name: one that the engine does not treat specially.
    ///   - bound: the most bytes that the value can have.
    ///   - write: writes the value, of bytes that may stand in one (RFC 9110 §5.5), and returns their
    ///     number. It must not touch the head.
    package func append(
        _ name: StaticString, atMost bound: Int,
        _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) {
        let nameBytes = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        assert(FieldID.identify(nameBytes) == .other, "a field that the engine treats specially")
        let line = storage.appendLine(nameBytes, atMost: bound, write)
        fields.append(Field(name: line.name, value: line.value, id: .other))
    }
}
