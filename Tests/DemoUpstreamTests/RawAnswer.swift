import Foundation
import Testing

/// An answer as a client read it.
struct RawAnswer {
    let version: String
    let status: Int
    var headers: [(name: String, value: String)] = []
    var body = ""
    var chunks: [String] = []

    subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    func json() throws -> Any {
        try JSONSerialization.jsonObject(with: Data(body.utf8))
    }

    func object() throws -> [String: Any] {
        try #require(try json() as? [String: Any], "no JSON object: \(body)")
    }

    /// The `error` object of an error answer.
    func error() throws -> [String: Any] {
        try #require(try object()["error"] as? [String: Any], "no error: \(body)")
    }

    /// The JSON objects of a stream's events, which must end with `[DONE]`.
    func events() throws -> [[String: Any]] {
        var events = body.components(separatedBy: "\n\n")
        #expect(events.popLast() == "")
        #expect(events.popLast() == "data: [DONE]")
        return try events.map(event)
    }
}

/// The JSON object of one `data: …` event.
func event(_ text: String) throws -> [String: Any] {
    try #require(text.hasPrefix("data: "), "no event: \(text)")
    let data = Data(text.dropFirst("data: ".count).utf8)
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
}

extension [String: Any] {
    /// The first element of `choices`.
    func choice() throws -> [String: Any] {
        try #require((self["choices"] as? [[String: Any]])?.first)
    }

    /// The member at a path of names.
    func at(_ path: String...) -> Any? {
        path.reduce(self as Any?) { value, name in (value as? [String: Any])?[name] }
    }
}
