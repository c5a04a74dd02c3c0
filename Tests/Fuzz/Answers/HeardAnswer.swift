/// What a reader of an answer has come to tell.
struct HeardAnswer: Equatable, CustomStringConvertible {
    enum End {
        case open
        case whole
        case broken
    }

    var end = End.open
    /// Whether the end was told before the connection was closed.
    var endsBeforeClose = false
    /// The status and the fields of each head, a line for each.
    var heads: [UInt8] = []
    var body: [UInt8] = []
    /// A line for each field.
    var trailers: [UInt8] = []
    /// Whether the connection is kept for another request.
    var keepsConnection = false

    mutating func removeAll() {
        end = .open
        endsBeforeClose = false
        heads.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        trailers.removeAll(keepingCapacity: true)
        keepsConnection = false
    }

    mutating func addStatus(_ digits: some Sequence<UInt8>) {
        heads.append(contentsOf: digits)
        heads.append(0x0A)
    }

    static func addField(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>,
        to lines: inout [UInt8]
    ) {
        lines.append(contentsOf: name)
        lines.append(0x3A)
        lines.append(contentsOf: value)
        lines.append(0x0A)
    }

    var description: String {
        "\(end)\(endsBeforeClose ? "" : " at the end")\(keepsConnection ? ", kept" : ""), heads "
            + "\(Self.text(heads)), \(body.count) bytes \(Self.text(body.prefix(200))), trailers "
            + Self.text(trailers)
    }

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).debugDescription
    }
}
