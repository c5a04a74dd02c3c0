/// An answer as a client saw it.
struct SeenAnswer: Sendable {
    let status: Int
    /// The head, byte for byte, with the empty line.
    let head: String
    let fields: [Field]
    var body: [UInt8] = []
    /// Whether it ended as its framing says, and not because the connection did.
    var isComplete = false

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of a field, in order.
    subscript(name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    init(head: String) throws {
        let lines = head.components(separator: "\r\n")
        let words = lines[0].components(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw Failure("no status line: \(lines[0])")
        }
        self.status = status
        self.head = head
        fields = lines.dropFirst().prefix { !$0.isEmpty }.map(Field.init(line:))
    }
}

extension SeenAnswer: CustomStringConvertible {
    var description: String {
        "\(status), \(body.count <= 200 ? text : "\(body.count) bytes")"
            + (isComplete ? "" : ", not complete")
    }
}
