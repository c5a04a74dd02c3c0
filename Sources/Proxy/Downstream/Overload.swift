import Glibc
import PluginAPI

/// What a client hears when there are too many: a whole answer in one packet, without an exchange.
enum Overload {
    private static func answer(at time: WallTime) -> [UInt8] {
        let id = UUIDv7.make(at: time)
        let body = ErrorBody.make(
            status: 503, reason: "too_many_connections",
            message: "The server has as many connections as it may have.", requestID: id)
        let head =
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
            + "content-length: \(body.count)\r\nx-request-id: \(id)\r\nretry-after: 1\r\n"
            + "connection: close\r\n\r\n"
        return Array(head.utf8) + body
    }

    /// Answers and closes. One attempt: a fresh connection's buffer has room for it.
    static func answer(_ descriptor: Int32, at time: WallTime) {
        _ = answer(at: time).withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // A request that has arrived already must not turn the close into a reset.
        shutdown(descriptor, Int32(SHUT_WR))
        var scratch: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &scratch) { space in
            for _ in 0..<256 where recv(descriptor, space.baseAddress, space.count, 0) <= 0 {
                return
            }
        }
        close(descriptor)
    }
}
