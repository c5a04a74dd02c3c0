import PluginAPI

/// Reads field lines up to the empty line (RFC 9112 §5), of heads and of trailer sections.
///
/// It remembers the byte that it came to, so that a section that arrives in pieces is read once.
struct FieldScanner: Sendable {
    enum Step {
        case incomplete
        /// A line was read. The ranges are positions in the scanned bytes, less the scanner's origin.
        case field(Headers.Field)
        /// The empty line was read; `position` stands behind it.
        case end
        case invalid(HTTPError)
    }

    private enum State { case line, name, space, value }

    /// The next byte to look at.
    private(set) var position: Int
    /// What is before this position has been read as whole lines.
    private(set) var lineStart: Int
    private let start: Int
    private let origin: Int
    private var state = State.line
    private var name = ByteRange.empty
    private var valueStart = 0

    /// - Parameters:
    ///   - start: where the first field line begins.
    ///   - origin: the position that ranges count from.
    init(start: Int, origin: Int) {
        position = start
        lineStart = start
        self.start = start
        self.origin = origin
    }

    /// Reads on to the end of a line.
    /// - Parameters:
    ///   - bytes: the same as in the call before, and more behind them.
    ///   - sizeLimit: how long the section may be.
    @inline(__always)
    mutating func next(_ bytes: UnsafeBufferPointer<UInt8>, sizeLimit: Int) -> Step {
        // Bytes behind the limit are not looked at, so the result is the same however they arrive.
        let end = min(bytes.count, start + sizeLimit)
        // A register, while the bytes are looked at.
        var position = self.position
        defer { self.position = position }
        guard position < end, let base = bytes.baseAddress else {
            return ranOut(bytes.count, sizeLimit)
        }
        if state == .line {
            switch base[position] {
            case UInt8(ascii: "\r"):
                guard position + 1 < end else { return ranOut(bytes.count, sizeLimit) }
                guard base[position + 1] == UInt8(ascii: "\n") else {
                    return .invalid(.malformedLineEnd)
                }
                position += 2
                lineStart = position
                return .end
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                return .invalid(.foldedField)
            default:
                state = .name
            }
        }
        if state == .name {
            while position < end, ASCII.isTokenByte(base[position]) { position += 1 }
            guard position < end else { return ranOut(bytes.count, sizeLimit) }
            guard base[position] == UInt8(ascii: ":"), position > lineStart else {
                let isLineEnd = base[position] == UInt8(ascii: "\n")
                return .invalid(isLineEnd ? .malformedLineEnd : .malformedFieldName)
            }
            name = ByteRange(offset: lineStart - origin, count: position - lineStart)
            position += 1
            state = .space
        }
        if state == .space {
            while position < end, Self.isSpace(base[position]) { position += 1 }
            guard position < end else { return ranOut(bytes.count, sizeLimit) }
            valueStart = position
            state = .value
        }
        position = ByteScan.endOfFieldBytes(base, position, end)
        guard position < end else { return ranOut(bytes.count, sizeLimit) }
        guard base[position] == UInt8(ascii: "\r") else {
            let isLineEnd = base[position] == UInt8(ascii: "\n")
            return .invalid(isLineEnd ? .malformedLineEnd : .malformedFieldValue)
        }
        guard position + 1 < end else { return ranOut(bytes.count, sizeLimit) }
        guard base[position + 1] == UInt8(ascii: "\n") else { return .invalid(.malformedLineEnd) }

        var valueEnd = position
        while valueEnd > valueStart, Self.isSpace(base[valueEnd - 1]) { valueEnd -= 1 }
        let nameBytes = UnsafeBufferPointer(start: base + lineStart, count: name.count)
        position += 2
        lineStart = position
        state = .line
        return .field(
            Headers.Field(
                name: name,
                value: ByteRange(offset: valueStart - origin, count: valueEnd - valueStart),
                id: .identify(nameBytes)))
    }

    @inline(__always)
    private func ranOut(_ available: Int, _ sizeLimit: Int) -> Step {
        available - start >= sizeLimit ? .invalid(.headersTooLarge) : .incomplete
    }

    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
