/// The value of a field, written into memory of the caller's.
struct FieldText: ~Copyable {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) { self.memory = memory }

    mutating func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { bytes in
            if let start = bytes.baseAddress { append(start, bytes.count) }
        }
    }

    private mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
        claim(length).update(from: start, count: length)
    }

    /// - Precondition: `number` is not negative.
    mutating func append(_ number: Int) {
        var rest = UInt64(number)
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, rest >= bound {
            digits += 1
            bound &*= 10
        }
        let end = claim(digits)
        var index = digits
        while index > 0 {
            index -= 1
            end[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    /// Where so many bytes go.
    private mutating func claim(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        guard let start = memory.baseAddress, length <= memory.count - count else {
            preconditionFailure("a field that is longer than its memory")
        }
        defer { count += length }
        return start + count
    }
}
