/// Fields by their place: for a plugin that looks at several names in one pass, or backwards.
extension Headers {
    /// The places of the fields, from 0, in the order in which they came.
    public var places: Range<Int> { 0..<fields.count }

    /// The name of the field at a place, in the case in which it came.
    public func name(at place: Int) -> Bytes { bytes(fields[place].name) }

    /// The value of the field at a place.
    public func value(at place: Int) -> Bytes { bytes(fields[place].value) }

    /// Removes the fields that `isUnwanted` says yes to; places behind them change.
    public func remove(where isUnwanted: (_ name: Bytes, _ value: Bytes) throws -> Bool) rethrows {
        try fields.removeAll { try isUnwanted(bytes($0.name), bytes($0.value)) }
    }
}
