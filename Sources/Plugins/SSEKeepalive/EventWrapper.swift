import PluginAPI

/// Makes one event of an answer that is no event stream, for a client that has been promised one.
struct EventWrapper: Sendable {
    private let status: Int
    private var hasBegun = false
    private var endsWithReturn = false

    /// - Parameter status: what the client would have seen.
    init(status: Int) { self.status = status }

    /// What to send for the next run of the answer.
    mutating func take(_ bytes: Span<UInt8>, isLast: Bool) -> [UInt8] {
        var event: [UInt8] = []
        if !hasBegun, isLast || bytes.count > 0 {
            hasBegun = true
            // What clients look for when something goes wrong in the middle of a stream.
            if status >= 400 { event += "event: error\n".utf8 }
            event += "data: ".utf8
            if bytes.isEmpty {
                event +=
                    #"{"error":{"message":"The upstream answered \#(status) without a body.","type":"server_error","code":"upstream_error","param":null}}"#
                    .utf8
            }
        }
        for index in bytes.indices {
            let byte = bytes[index]
            // A line's end, whichever way it is written, begins another line of the same event's data.
            if byte == 0x0A, endsWithReturn {
                endsWithReturn = false
                continue
            }
            endsWithReturn = byte == 0x0D
            if byte == 0x0A || byte == 0x0D { event += "\ndata: ".utf8 } else { event.append(byte) }
        }
        if isLast { event += "\n\n".utf8 }
        return event
    }
}
