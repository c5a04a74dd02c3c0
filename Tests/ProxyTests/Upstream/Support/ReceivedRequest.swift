/// A field of a message, as it stood there.
struct Field: Equatable, CustomStringConvertible {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    var description: String { "\(name): \(value)" }
}

/// A request as a scripted server received it.
struct ReceivedRequest: Sendable {
    /// The head, byte for byte, with the empty line.
    let head: String
    let method: String
    let target: String
    let version: String
    let fields: [Field]
    var body: [UInt8] = []
    var trailers: [Field] = []
    /// Whether it ended as its framing says, before the connection did.
    var isComplete = false

    init(head: String) {
        self.head = head
        var lines = head.components(separator: "\r\n")
        let words = lines.removeFirst().components(separator: " ")
        method = words.first ?? ""
        target = words.dropFirst().dropLast().joined(separator: " ")
        version = words.last ?? ""
        fields = lines.prefix { !$0.isEmpty }.map(Field.init(line:))
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of a field, in order.
    subscript(name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

extension Field {
    init(line: String) {
        let name = line.unicodeScalars.prefix { $0 != ":" }
        let value = line.unicodeScalars.dropFirst(name.count + 1)
        self.init(
            String(name), String(value.drop { $0 == " " }))
    }
}

extension String {
    /// One character for each byte, so that no byte is lost.
    init(latin1 bytes: some Sequence<UInt8>) {
        self.init(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    /// By unicode scalars: to Swift, CR LF is one character.
    func components(separator: String) -> [String] {
        var parts: [String] = []
        var rest = Array(unicodeScalars)[...]
        let wanted = Array(separator.unicodeScalars)
        var part = String.UnicodeScalarView()
        while !rest.isEmpty {
            if rest.starts(with: wanted) {
                parts.append(String(part))
                part = String.UnicodeScalarView()
                rest = rest.dropFirst(wanted.count)
            } else {
                part.append(rest.removeFirst())
            }
        }
        return parts + [String(part)]
    }
}
