/// The values of a group's fields in bytes, to be compared and found quickly.
///
/// For each field a byte that says which kind it is, then a number in eight bytes or a text with its
/// length in four: different values never give the same bytes.
struct GroupKey {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Adds a field's value.
    /// - Parameter decision: which of the record's decisions is meant.
    mutating func append(
        _ field: RecordField, of record: ActivityRecord, _ decision: ActivityRecord.Decision?
    ) {
        switch field {
        case .text(let key): append(record.text(key))
        case .plugin: append(decision?.plugin)
        case .decision: append(decision?.decision)
        case .reason: append(decision?.reason)
        case .count(let key): append(record.count(key))
        case .duration(let key): append(record.microseconds(key))
        case .cost: append(record.cost?.picodollars)
        case .statusClass: append(record.count(.status).map { $0 / 100 })
        case .stream: append(record.isStream.map { $0 ? 1 : 0 })
        case .estimated: append(record.isEstimated.map { $0 ? 1 : 0 })
        case .minute, .hour, .day:
            let (time, period) = (record.time.microseconds, field.period ?? 1)
            append(time - (time % period + period) % period)
        }
    }

    private mutating func append(_ text: RecordText?) {
        guard let text else { return bytes.append(0) }
        bytes.append(2)
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.bytes.count)) {
            bytes.append(contentsOf: $0)
        }
        bytes.append(contentsOf: text.bytes)
    }

    private mutating func append(_ number: Int64?) {
        guard let number else { return bytes.append(0) }
        bytes.append(1)
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    /// What was added, in its order.
    static func values(_ bytes: ArraySlice<UInt8>) -> [FieldValue] {
        var values: [FieldValue] = []
        var rest = bytes
        func take<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
            let size = MemoryLayout<Number>.size
            defer { rest = rest.dropFirst(size) }
            return rest.withUnsafeBytes { $0.loadUnaligned(as: type) }
        }
        while let kind = rest.popFirst() {
            switch kind {
            case 1: values.append(.number(take(Int64.self)))
            case 2:
                let count = Int(take(UInt32.self))
                values.append(.text(String(decoding: rest.prefix(count), as: UTF8.self)))
                rest = rest.dropFirst(count)
            default: values.append(.none)
            }
        }
        return values
    }
}
