/// The fields of a message, in order and with their repetitions.
///
/// Names are compared without case. Values are bytes: HTTP does not promise an encoding. In a value
/// that a plugin sets, bytes that HTTP forbids there (line breaks, NUL) become spaces, so that no
/// field can be smuggled in through another's value.
public final class Headers {
    // `@usableFromInline` is what lets the other modules of this package inline package members.
    @usableFromInline
    package struct Field {
        @usableFromInline package var name: ByteRange
        @usableFromInline package var value: ByteRange
        @usableFromInline package var id: FieldID

        @inlinable
        package init(name: ByteRange, value: ByteRange, id: FieldID) {
            self.name = name
            self.value = value
            self.id = id
        }
    }

    @usableFromInline package let storage = HeadStorage()
    @exclusivity(unchecked)
    @usableFromInline package var fields: ContiguousArray<Field> = []

    /// Those that have been among the fields since these were emptied, and may still be.
    @exclusivity(unchecked)
    @usableFromInline package var seen: FieldIDSet = []

    package init() {}

    /// How many fields there are, repetitions counted.
    public var count: Int { fields.count }

    /// The first value of a field.
    public subscript(name: HeaderName) -> Bytes? {
        name.withBytes { wanted in
            for field in fields where matches(field, wanted) { return bytes(field.value) }
            return nil
        }
    }

    /// Every value of a field, in order. Makes an array.
    public func values(of name: HeaderName) -> [Bytes] {
        name.withBytes { wanted in fields.filter { matches($0, wanted) }.map { bytes($0.value) } }
    }

    public func contains(_ name: HeaderName) -> Bool { self[name] != nil }

    /// Each field in order, with the name in the case in which it came.
    public func forEach(_ body: (_ name: Bytes, _ value: Bytes) throws -> Void) rethrows {
        for field in fields { try body(bytes(field.name), bytes(field.value)) }
    }

    /// Makes the field have exactly this value: the first one changes in its place, others go.
    public func set(_ name: HeaderName, to value: String) {
        withUTF8(value) { set(name, toBytes: $0) }
    }

    public func set(_ name: HeaderName, to value: Bytes) {
        value.withBytes { set(name, toBytes: $0) }
    }

    /// Adds a field at the end, whether or not there is one of that name.
    public func append(_ name: HeaderName, _ value: String) {
        withUTF8(value) { append(name, bytes: $0) }
    }

    public func append(_ name: HeaderName, _ value: Bytes) {
        value.withBytes { append(name, bytes: $0) }
    }

    /// Removes every field of that name.
    public func remove(_ name: HeaderName) {
        name.withBytes { wanted in fields.removeAll { matches($0, wanted) } }
    }

    // MARK: - The engine's side

    @inlinable
    package func bytes(_ range: ByteRange) -> Bytes { Bytes(storage: storage, range: range) }

    @inlinable
    package func first(_ id: FieldID) -> Bytes? {
        guard has(id) else { return nil }
        for field in fields where field.id == id { return bytes(field.value) }
        return nil
    }

    /// Whether one may be here; false is certain.
    @inlinable
    package func has(_ ids: FieldIDSet) -> Bool { !seen.isDisjoint(with: ids) }

    @inlinable
    package func has(_ id: FieldID) -> Bool { has(FieldIDSet(id)) }

    /// The same as by the field's name, for those that the engine knows.
    package func set(_ id: FieldID, toBytes value: UnsafeBufferPointer<UInt8>) {
        guard has(id), let first = fields.firstIndex(where: { $0.id == id }) else {
            return append(id, bytes: value)
        }
        change(first, to: value)
        removeAll(from: first + 1) { $0.id == id }
    }

    package func set(_ id: FieldID, to value: String) {
        withUTF8(value) { set(id, toBytes: $0) }
    }

    package func append(_ id: FieldID, bytes value: UnsafeBufferPointer<UInt8>) {
        let name = id.name
        add(
            UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), id, value)
    }

    package func remove(_ id: FieldID) {
        if has(id) { fields.removeAll { $0.id == id } }
    }

    package func set(_ name: HeaderName, toBytes value: UnsafeBufferPointer<UInt8>) {
        name.withBytes { wanted in
            guard let first = fields.firstIndex(where: { matches($0, wanted) }) else {
                return add(wanted, .identify(wanted), value)
            }
            change(first, to: value)
            removeAll(from: first + 1) { matches($0, wanted) }
        }
    }

    package func append(_ name: HeaderName, bytes value: UnsafeBufferPointer<UInt8>) {
        name.withBytes { add($0, .identify($0), value) }
    }

    private func add(
        _ name: UnsafeBufferPointer<UInt8>, _ id: FieldID, _ value: UnsafeBufferPointer<UInt8>
    ) {
        seen.insert(FieldIDSet(id))
        let (name, value) = storage.appendLine(name, value)
        replaceForbidden(in: value)
        fields.append(Field(name: name, value: value, id: id))
    }

    private func change(_ place: Int, to value: UnsafeBufferPointer<UInt8>) {
        let (name, value) = storage.appendLine(storage.slice(fields[place].name), value)
        replaceForbidden(in: value)
        fields[place].name = name
        fields[place].value = value
    }

    private func removeAll(from start: Int, where isUnwanted: (Field) -> Bool) {
        var index = start
        while index < fields.count {
            if isUnwanted(fields[index]) { fields.remove(at: index) } else { index += 1 }
        }
    }

    package func removeAll() {
        storage.removeAll()
        fields.removeAll(keepingCapacity: true)
        seen = []
    }

    private func matches(_ field: Field, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        field.name.count == wanted.count
            && ASCII.equalsIgnoringCase(storage.slice(field.name), wanted)
    }

    private func replaceForbidden(in value: ByteRange) {
        let bytes = storage.base + value.offset
        var position = 0
        while true {
            position = ByteScan.endOfFieldBytes(bytes, position, value.count)
            guard position < value.count else { return }
            bytes[position] = 0x20
        }
    }

    private func withUTF8(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        if text.utf8.withContiguousStorageIfAvailable(body) == nil {
            Array(text.utf8).withUnsafeBufferPointer(body)
        }
    }
}
