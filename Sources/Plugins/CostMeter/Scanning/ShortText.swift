import PluginAPI

/// A short text held in place, such as a model's name: to compare it makes nothing.
struct ShortText: Sendable {
    static let capacity = 128

    private var bytes = InlineArray<128, UInt8>(repeating: 0)
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Takes another text, unless it is longer than the capacity.
    mutating func set(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count <= Self.capacity, !equals(text) else { return }
        for index in text.indices { bytes[index] = text[index] }
        count = text.count
    }

    mutating func removeAll() { count = 0 }

    func equals(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        withBytes { ASCII.equals($0, text) }
    }

    func equals(_ text: StaticString) -> Bool {
        equals(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    static func == (left: Self, right: String) -> Bool {
        guard left.count == right.utf8.count else { return false }
        return left.withBytes { $0.elementsEqual(right.utf8) }
    }

    /// Valid during the call.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.span.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }

    var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
