import PluginAPI

/// The body of the proxy's own errors, in the form that API clients parse.
package enum ErrorBody {
    package static func make(status: Int, reason: String, message: String?, requestID: String)
        -> [UInt8]
    {
        var body: [UInt8] = []
        body.reserveCapacity(256)
        body.append(contentsOf: #"{"error":{"message":"#.utf8)
        JSONText.append(message ?? sentence(reason), to: &body)
        body.append(contentsOf: #","type":"#.utf8)
        JSONText.append(type(status), to: &body)
        body.append(contentsOf: #","code":"#.utf8)
        JSONText.append(reason, to: &body)
        body.append(contentsOf: #","param":null,"request_id":"#.utf8)
        JSONText.append(requestID, to: &body)
        body.append(contentsOf: "}}\n".utf8)
        return body
    }

    private static func type(_ status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 400..<500: "invalid_request_error"
        default: "server_error"
        }
    }

    /// `blocked_path` as `Blocked path.`
    private static func sentence(_ reason: String) -> String {
        let words = reason.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst() + "."
    }
}
