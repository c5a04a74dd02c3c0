extension HeadLimits {
    /// For the heads of answers. An upstream is trusted with more than a client is, and not with
    /// everything.
    static let answer = HeadLimits(requestLine: 8192, headers: 256 << 10, headerCount: 1000)
}
