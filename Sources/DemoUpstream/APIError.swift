/// An error answer in the form of the OpenAI API.
struct APIError: Error {
    let status: Int
    let message: String
    let type: String
    var code: String?
    var parameter: String?
    var headers: [(String, String)] = []

    var json: JSON {
        [
            "error": [
                "message": .string(message), "type": .string(type),
                "code": code.map(JSON.string) ?? .null,
                "param": parameter.map(JSON.string) ?? .null,
            ]
        ]
    }

    /// A mistake in the request.
    static func invalid(
        _ message: String, parameter: String? = nil, code: String? = nil, status: Int = 400
    ) -> APIError {
        APIError(
            status: status, message: message, type: "invalid_request_error", code: code,
            parameter: parameter)
    }

    static func unknownModel(_ name: String) -> APIError {
        invalid(
            "The model `\(name)` does not exist or you do not have access to it.",
            code: "model_not_found", status: 404)
    }

    static func unknownPath(_ head: RequestHead) -> APIError {
        invalid("Invalid URL (\(head.method) \(head.path))", code: "unknown_url", status: 404)
    }

    static func wrongMethod(_ head: RequestHead, allowed: [String]) -> APIError {
        var error = invalid(
            "Not allowed to \(head.method) on \(head.path); use \(allowed.joined(separator: " or "))",
            code: "method_not_supported", status: 405)
        error.headers = [("allow", allowed.joined(separator: ", "))]
        return error
    }

    /// What a knob asked for: an error of this status as the API words it.
    static func forced(_ status: Int) -> APIError {
        let message = "The demo upstream was asked to answer \(status)."
        return switch status {
        case 401:
            .invalid(message, code: "invalid_api_key", status: status)
        case 429:
            APIError(
                status: status, message: message, type: "requests", code: "rate_limit_exceeded",
                headers: [("retry-after", "1")])
        case 500...:
            APIError(status: status, message: message, type: "server_error")
        default:
            .invalid(message, status: status)
        }
    }
}
