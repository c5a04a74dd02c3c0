import PluginAPI

/// What a test's plugin does in each phase. What it sees is on record, whatever it does.
struct Script: Sendable {
    var request: @Sendable (Exchange) throws -> Decision = { _ in .proceed }
    /// What it counts the request under; nil lets it proceed uncounted.
    var key: @Sendable (Exchange) throws -> String? = { _ in "all" }
    /// Up to how many requests it lets proceed.
    var limit = Double.infinity
    var atOnce: @Sendable (Exchange) throws -> Decision? = { _ in nil }
    var asynchronous: @Sendable (Exchange) async throws -> Decision = { _ in .proceed }
    var whole: @Sendable (Exchange, [UInt8]) throws -> Decision = { _, _ in .proceed }
    var bodyLimit = 1 << 20
    var requestBody: @Sendable (Exchange, Run) throws -> Void = { _, _ in }
    var responseHead: @Sendable (Exchange) throws -> Void = { _ in }
    var responseBody: @Sendable (Exchange, Run) throws -> BodyDecision = { _, _ in .pass }
    var completed: @Sendable (Exchange) -> Void = { _ in }
    var start: @Sendable () throws -> Void = {}
    var stop: @Sendable () -> Void = {}
}

/// Some bytes of a body, as a plugin sees them.
struct Run: Sendable, Equatable, CustomStringConvertible {
    let bytes: [UInt8]
    let isLast: Bool

    init(_ bytes: [UInt8], isLast: Bool = false) {
        self.bytes = bytes
        self.isLast = isLast
    }

    init(_ text: String, isLast: Bool = false) { self.init(Array(text.utf8), isLast: isLast) }

    init(_ bytes: Span<UInt8>, isLast: Bool) {
        self.init(bytes.withUnsafeBufferPointer { Array($0) }, isLast: isLast)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    var description: String {
        (bytes.count <= 40 ? "\"\(text)\"" : "\(bytes.count) bytes") + (isLast ? ", the last" : "")
    }
}

extension [Run] {
    /// All the bytes together.
    var joined: [UInt8] { flatMap(\.bytes) }
    var text: String { String(decoding: joined, as: UTF8.self) }
}
