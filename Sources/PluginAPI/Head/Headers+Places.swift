/// Fields by their place: for a plugin that goes through them itself, or backwards.
extension Headers {
    /// The places of the fields, from 0, in the order in which they came.
    public var places: Range<Int> { 0..<fields.count }

    /// The name of the field at a place, in the case in which it came.
    public func name(at place: Int) -> Bytes { bytes(fields[place].name) }

    /// The value of the field at a place.
    public func value(at place: Int) -> Bytes { bytes(fields[place].value) }

    /// The last place of a field before another place; nil when there is none.
    public func lastPlace(of name: HeaderName, before end: Int) -> Int? {
        name.withBytes { wanted in
            fields[..<end].lastIndex { field in
                field.name.count == wanted.count
                    && ASCII.equalsIgnoringCase(storage.slice(field.name), wanted)
            }
        }
    }

    /// Each field in order, with the name in the case in which it came, as bytes that are valid during
    /// the call. For paths on which every nanosecond counts; otherwise use `forEach`.
    @inlinable
    public func forEachBytes(
        _ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void
    ) {
        for field in fields { body(storage.slice(field.name), storage.slice(field.value)) }
    }

    /// Removes every field whose name `isUnwanted` says yes to. Names are valid during the call.
    public func removeAll(named isUnwanted: (UnsafeBufferPointer<UInt8>) -> Bool) {
        guard fields.contains(where: { isUnwanted(storage.slice($0.name)) }) else { return }
        fields.removeAll { isUnwanted(storage.slice($0.name)) }
    }
}
