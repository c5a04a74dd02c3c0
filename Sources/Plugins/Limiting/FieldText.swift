/// The value of a field, written into memory of the caller's.
struct FieldText: ~Copyable {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) { self.memory = memory }

    var isEmpty: Bool { count == 0 }
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: memory[..<count]) }

    mutating func removeAll() { count = 0 }

    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= memory.count - count, "a field that is longer than its memory")
        guard let start = bytes.baseAddress, let target = memory.baseAddress else { return }
        (target + count).update(from: start, count: bytes.count)
        count += bytes.count
    }

    /// - Precondition: `number` is not negative.
    mutating func append(_ number: Int) {
        var digits = 1
        var rest = UInt(number) / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        precondition(digits <= memory.count - count, "a field that is longer than its memory")
        count += digits
        rest = UInt(number)
        for index in 1...digits {
            memory[count - index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
