/// Reads what stands between the data of two chunks: the CRLF behind the one, and the line with the
/// size of the next (RFC 9112 §7.1).
struct ChunkScanner: Sendable {
    enum Step {
        case incomplete
        /// - overhead: to hand to the scanner of the next chunk.
        case chunk(size: Int, overhead: Int)
        case lastChunk
        case invalid(HTTPError)
    }

    private enum State {
        case dataCR, dataLF, firstDigit, size, space, extensions, lineFeed
    }

    /// The size line, with its extensions. They mean nothing to anybody, and are dropped.
    private static let longestLine = 1024
    /// Framing beyond what chunks of a reasonable size need. A peer that sends one byte of data in
    /// a thousand of extensions wants us to work for nothing.
    private static let overheadAllowed = 16 * 1024
    /// The digits of `Int.max`.
    private static let mostDigits = 16

    private var state: State
    private var size = 0
    private var digits = 0
    private var lineLength = 0
    private let overhead: Int

    init(isFirst: Bool, overhead: Int) {
        state = isFirst ? .firstDigit : .dataCR
        self.overhead = overhead
    }

    /// Reads on from `position`, and moves it behind what was read.
    mutating func next(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Step {
        while position < bytes.count {
            let byte = bytes[position]
            switch state {
            case .dataCR:
                guard byte == UInt8(ascii: "\r") else { return .invalid(.malformedChunkEnd) }
                state = .dataLF
            case .dataLF:
                guard byte == UInt8(ascii: "\n") else { return .invalid(.malformedChunkEnd) }
                state = .firstDigit
            case .firstDigit:
                guard read(digit: byte) else { return .invalid(.malformedChunkSize) }
                state = .size
            case .size:
                if read(digit: byte) {
                    guard digits <= Self.mostDigits, size >= 0 else {
                        return .invalid(.chunkSizeTooLarge)
                    }
                } else if byte == UInt8(ascii: "\r") {
                    state = .lineFeed
                } else if !goesOn(toExtensions: byte) {
                    return .invalid(.malformedChunkSize)
                }
            case .space:
                guard goesOn(toExtensions: byte) else { return .invalid(.malformedChunkSize) }
            case .extensions:
                if byte == UInt8(ascii: "\r") {
                    state = .lineFeed
                } else if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F {
                    return .invalid(.malformedChunkExtension)
                }
            case .lineFeed:
                guard byte == UInt8(ascii: "\n") else { return .invalid(.malformedChunkSize) }
                position += 1
                return wholeLine()
            }
            position += 1
            lineLength += 1
            guard lineLength <= Self.longestLine else { return .invalid(.malformedChunkExtension) }
        }
        return .incomplete
    }

    /// White space may stand before the extensions, and nowhere else.
    private mutating func goesOn(toExtensions byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ";"): state = .extensions
        case UInt8(ascii: " "), UInt8(ascii: "\t"): state = .space
        default: return false
        }
        return true
    }

    private mutating func read(digit byte: UInt8) -> Bool {
        let value: UInt8
        if byte &- 0x30 < 10 {
            value = byte &- 0x30
        } else if (byte | 0x20) &- 0x61 < 6 {
            value = (byte | 0x20) &- 0x61 + 10
        } else {
            return false
        }
        digits += 1
        // Sixteen digits of which the first is above 7 make it negative; `next` refuses that.
        size = size << 4 | Int(value)
        return true
    }

    private func wholeLine() -> Step {
        guard size > 0 else { return .lastChunk }
        let paidFor = 16 + 2 * min(size, Self.overheadAllowed)
        let owed = max(0, overhead + lineLength - paidFor)
        guard owed <= Self.overheadAllowed else { return .invalid(.chunkOverheadTooLarge) }
        return .chunk(size: size, overhead: owed)
    }
}
