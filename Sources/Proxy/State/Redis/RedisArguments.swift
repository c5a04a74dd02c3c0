/// The arguments of a command, written the way that Redis reads them (RESP bulk strings), one behind the
/// other in one piece of memory.
package struct RedisArguments: Sendable {
    private(set) var encoded: [UInt8] = []
    package private(set) var count = 0

    package static let none = RedisArguments(capacity: 0)

    /// - Parameter capacity: for how many bytes room is made at once; a few arguments take 100.
    package init(capacity: Int = 128) {
        encoded.reserveCapacity(capacity)
    }

    package init(_ arguments: [[UInt8]]) {
        self.init(capacity: arguments.reduce(0) { $0 + $1.count + 16 })
        for argument in arguments { append(argument) }
    }

    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        encoded.append(UInt8(ascii: "$"))
        appendDigits(Int64(bytes.count))
        appendLineEnd()
        encoded.append(contentsOf: bytes)
        appendLineEnd()
        count += 1
    }

    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    package mutating func append(_ text: StaticString) { append(text.bytes) }

    /// In decimal digits.
    package mutating func append(_ number: Int64) {
        let isNegative: Int64 = number < 0 ? 1 : 0
        encoded.append(UInt8(ascii: "$"))
        appendDigits(Self.width(number.magnitude) + isNegative)
        appendLineEnd()
        appendDigits(number)
        appendLineEnd()
        count += 1
    }

    private static func width(_ magnitude: UInt64) -> Int64 {
        var (width, rest): (Int64, UInt64) = (1, magnitude)
        while rest >= 10 {
            rest /= 10
            width += 1
        }
        return width
    }

    private mutating func appendDigits(_ number: Int64) {
        if number < 0 { encoded.append(UInt8(ascii: "-")) }
        let end = encoded.count + Int(Self.width(number.magnitude))
        var rest = number.magnitude
        while encoded.count < end { encoded.append(UInt8(ascii: "0")) }
        var place = end
        repeat {
            place -= 1
            encoded[place] += UInt8(rest % 10)
            rest /= 10
        } while rest > 0
    }

    private mutating func appendLineEnd() {
        encoded.append(UInt8(ascii: "\r"))
        encoded.append(UInt8(ascii: "\n"))
    }
}
