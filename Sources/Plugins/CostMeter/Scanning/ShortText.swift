/// A short text held in place, such as a model's name: to take one makes nothing.
struct ShortText: Sendable {
    static let capacity = 128

    private var bytes = InlineArray<128, UInt8>(repeating: 0)
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Takes another text, unless it is longer than the capacity.
    mutating func set(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count <= Self.capacity else { return }
        var span = bytes.mutableSpan
        span.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: text) }
        count = text.count
    }

    mutating func removeAll() { count = 0 }

    /// Valid during the call.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.span.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }

    var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
