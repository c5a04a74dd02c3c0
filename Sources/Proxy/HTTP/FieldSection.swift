import PluginAPI

/// Reads a section of fields into `Headers`: of a head, or of a trailer section.
///
/// The bytes are copied once, as whole lines arrive, so that every range in the headers refers to
/// bytes that are there, also when the section never becomes whole.
struct FieldSection: Sendable {
    private var scanner: FieldScanner
    private let origin: Int
    /// What is before this position has been copied.
    private var copied: Int
    private var count = 0

    /// - Parameters:
    ///   - start: where the first field line begins.
    ///   - copied: the first byte to copy into the headers' storage, which is empty.
    init(start: Int, copyingFrom copied: Int) {
        origin = copied
        scanner = FieldScanner(start: start, origin: origin)
        self.copied = copied
    }

    /// Reads on.
    /// - Parameters:
    ///   - bytes: the same as in the call before, and more behind them.
    ///   - headers: nil drops the fields.
    ///   - reader: learns of the fields that the engine knows.
    @inline(__always)
    mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>, into headers: Headers?, limits: HeadLimits,
        reader: inout some FieldReader
    ) -> ParseResult {
        // The array is taken out and put back, instead of being reached through the class each time.
        var fields = ContiguousArray<Headers.Field>()
        if let headers { swap(&fields, &headers.fields) }
        var seen = FieldIDSet()
        let result = readLines(bytes, into: &fields, &seen, limits: limits, reader: &reader)
        if let headers {
            swap(&fields, &headers.fields)
            headers.seen.formUnion(seen)
            _ = headers.storage.append(bytes.slice(copied..<scanner.lineStart))
            copied = scanner.lineStart
        }
        return result
    }

    @inline(__always)
    private mutating func readLines(
        _ bytes: UnsafeBufferPointer<UInt8>, into fields: inout ContiguousArray<Headers.Field>,
        _ seen: inout FieldIDSet, limits: HeadLimits, reader: inout some FieldReader
    ) -> ParseResult {
        while true {
            switch scanner.next(bytes, sizeLimit: limits.headers) {
            case .field(let field):
                guard count < limits.headerCount else { return .invalid(.tooManyHeaders) }
                count += 1
                if field.id != .other {
                    seen.insert(FieldIDSet(field.id))
                    let value = bytes.slice(
                        field.value.offset + origin..<field.value.end + origin)
                    if let error = reader.read(field.id, value) { return .invalid(error) }
                }
                fields.append(field)
            case .end: return .head(consumed: scanner.lineStart)
            case .incomplete: return .incomplete
            case .invalid(let error): return .invalid(error)
            }
        }
    }
}
