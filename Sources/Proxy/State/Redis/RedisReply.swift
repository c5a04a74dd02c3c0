import CHiredis

/// What Redis answered. It refers to the memory of what was received: it is valid, with all that is in
/// it, during the call that brings it.
package enum RedisReply {
    case integer(Int64)
    /// A bulk string, or a status such as `OK`.
    case bytes(UnsafeBufferPointer<UInt8>)
    case array(Elements)
    case null
    case error(String)

    /// An array's replies.
    package struct Elements: RandomAccessCollection {
        fileprivate let replies: UnsafeMutableBufferPointer<UnsafeMutablePointer<redisReply>?>

        package var startIndex: Int { 0 }
        package var endIndex: Int { replies.count }
        package subscript(position: Int) -> RedisReply { RedisReply(replies[position]!) }
    }

    init(_ received: UnsafePointer<redisReply>) {
        let reply = received.pointee
        switch reply.type {
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .bytes(Self.bytes(of: reply))
        case REDIS_REPLY_ERROR:
            self = .error(String(decoding: Self.bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            self = .array(
                Elements(
                    replies: UnsafeMutableBufferPointer(
                        start: reply.element, count: reply.elements)))
        default: self = .null
        }
    }

    init(_ received: UnsafeMutablePointer<redisReply>) {
        self.init(UnsafePointer(received))
    }

    private static func bytes(of reply: redisReply) -> UnsafeBufferPointer<UInt8> {
        let bytes = UnsafeRawBufferPointer(start: reply.str, count: reply.len)
        return bytes.assumingMemoryBound(to: UInt8.self)
    }

    /// An error's.
    var words: String? {
        if case .error(let words) = self { words } else { nil }
    }

    /// Whether it is this string or status.
    func isText(_ text: StaticString) -> Bool {
        if case .bytes(let bytes) = self { bytes.equals(text) } else { false }
    }
}
