/// A Lua script that the server keeps and runs by its digest. Made once, used on any loop.
package final class RedisScript: Sendable {
    package let source: [UInt8]

    /// - Parameter source: Lua that works on one key, `KEYS[1]`.
    package init(source: String) {
        self.source = Array(source.utf8)
    }
}
