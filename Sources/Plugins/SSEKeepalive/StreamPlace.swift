/// Where in an event stream its bytes have come to (WHATWG HTML §9.2.5).
struct StreamPlace: Sendable {
    /// The last four bytes.
    private var tail: UInt32 = 0x0A0A

    /// Whether an event has just ended, or none has begun: whether a comment can stand here.
    var isBetweenEvents: Bool {
        let two = tail & 0xFFFF
        return two == 0x0A0A || two == 0x0D0D || tail & 0xFF_FFFF == 0x0A0D0A
    }

    mutating func pass(_ bytes: Span<UInt8>) {
        for index in max(0, bytes.count - 4)..<bytes.count {
            tail = tail << 8 | UInt32(bytes[index])
        }
    }
}
