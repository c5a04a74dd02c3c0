/// What a route answers with.
enum Answer {
    case whole(status: Int, JSON, headers: [(String, String)] = [])
    case stream(ChatCompletion)

    static func error(_ error: APIError) -> Answer {
        .whole(status: error.status, error.json, headers: error.headers)
    }
}
