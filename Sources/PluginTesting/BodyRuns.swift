/// A body as the runs of bytes in which it arrives: one string, or a list of them.
public struct BodyRuns: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    public let runs: [[UInt8]]

    public init(_ runs: [[UInt8]]) { self.runs = runs }

    public init(_ runs: some Sequence<String>) { self.runs = runs.map { Array($0.utf8) } }

    public init(stringLiteral value: String) { runs = value.isEmpty ? [] : [Array(value.utf8)] }

    public init(arrayLiteral elements: String...) { self.init(elements) }

    /// The whole, cut into runs of `size` bytes: for tests that must not depend on where it is cut.
    public init(_ text: String, cutEvery size: Int) {
        let bytes = Array(text.utf8)
        runs = stride(from: 0, to: bytes.count, by: size).map {
            Array(bytes[$0..<min($0 + size, bytes.count)])
        }
    }

    /// In bytes.
    public var count: Int { runs.reduce(0) { $0 + $1.count } }

    public var text: String { String(decoding: runs.joined(), as: UTF8.self) }
}
