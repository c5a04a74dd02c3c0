import PluginAPI

@testable import Proxy

/// An answer, as far as a receiver has heard of it.
struct ReceivedAnswer: Sendable {
    struct Head: Sendable, Equatable {
        let status: Int
        let fields: [Field]
        let contentLength: Int?

        init(_ response: Response) {
            status = response.status
            fields = Field.list(response.headers)
            contentLength = response.contentLength
        }

        /// The values of a field, in order.
        subscript(name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }
    }

    var informational: [Head] = []
    var head: Head?
    var body: [UInt8] = []
    var trailers: [Field] = []
    var isWhole = false
    var error: TransferError?
    /// How many times bytes were offered and refused.
    var refusals = 0
    /// How many bytes of the request's body have been taken.
    var taken = 0
    /// What the seam's contract forbids.
    var violations: [String] = []

    var isOver: Bool { isWhole || error != nil }
    var status: Int { head?.status ?? 0 }
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension ReceivedAnswer: CustomStringConvertible {
    var description: String {
        let end = isWhole ? "whole" : error.map { "\($0.kind): \($0.detail)" } ?? "under way"
        return "status \(status), \(body.count) bytes, \(refusals) refusals, \(taken) bytes taken, "
            + end + (violations.isEmpty ? "" : ", forbidden: \(violations)")
    }
}

extension Field {
    static func list(_ headers: Headers) -> [Field] {
        var fields: [Field] = []
        headers.forEach { fields.append(Field(String(latin1: $0), String(latin1: $1))) }
        return fields
    }
}
