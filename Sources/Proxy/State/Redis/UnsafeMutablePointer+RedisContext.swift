import CHiredis

extension UnsafeMutablePointer<redisContext> {
    /// What went wrong, in hiredis's words.
    var errorWords: String {
        withUnsafeBytes(of: &pointee.errstr) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
