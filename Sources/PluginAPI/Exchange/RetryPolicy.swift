/// When the engine sends a request to the upstream again. Nothing of an answer has then reached the client.
///
/// A request is sent again only if its whole body was there when it was sent first. One that certainly was
/// not processed, because there was no connection, goes to another target in any case.
public struct RetryPolicy: Sendable {
    /// How often it is sent at most, the first time included: at least 1.
    public var attempts: Int
    /// Statuses of the upstream's answer, 400 to 599.
    public var statuses: [Int]
    /// Whether it is sent again when the connection broke before an answer.
    public var onBreak: Bool
    /// Whether it is sent again when the answer's head did not come in time.
    public var onTimeout: Bool
    /// The wait before the second attempt; it doubles from attempt to attempt, and each is shortened by a
    /// random part of up to half, so that many clients do not come back at once.
    public var delay: Duration
    /// The longest wait. An upstream that asks for more, by Retry-After, is not asked again.
    public var maximumDelay: Duration

    public init(
        attempts: Int, statuses: [Int] = [], onBreak: Bool = false, onTimeout: Bool = false,
        delay: Duration = .zero, maximumDelay: Duration = .seconds(10)
    ) {
        self.attempts = attempts
        self.statuses = statuses
        self.onBreak = onBreak
        self.onTimeout = onTimeout
        self.delay = delay
        self.maximumDelay = maximumDelay
    }
}
