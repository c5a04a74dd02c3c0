/// What an answer is by the letter of RFC 9112, read without any of the engine's code, all of it at once.
///
/// A third opinion: where two readers differ it tells which of the rules the bytes break.
struct AnswerReading: Equatable {
    enum End: Equatable {
        case whole
        /// It is whole when the connection ends.
        case withConnection
        /// There is too little.
        case incomplete
        case faulty(AnswerFault)
    }

    private(set) var end = End.incomplete
    /// How many bytes belong to it; all, unless it is whole before.
    private(set) var length = 0
    private(set) var status = 0
    /// Whether the connection may serve another request, as far as the answer says.
    private(set) var keepsConnection = true
    /// Whether its version is later than HTTP/1.1.
    private(set) var hasLaterVersion = false
    /// Whether a Connection field has `close` in it, without being that option.
    private(set) var resemblesClose = false
    /// Whether a head of HTTP/1.0 has `keep-alive` in a Connection field.
    private(set) var resemblesKeepAliveInHTTP10 = false
    /// Whether it announces a body although a status of its heads allows none.
    private(set) var announcesForbiddenBody = false
    private(set) var announcedLength: Int?
    private(set) var isChunked = false

    private var connectionCloses = false
    private var connectionKeeps = false
    private var hasCodings = false
    private var codings: [ArraySlice<UInt8>] = []
    private var minorVersion: UInt8 = 1

    init(_ bytes: [UInt8], answersHead: Bool) {
        do throws(Stop) {
            var position = 0
            repeat { try readHead(bytes, &position) } while status < 200
            try readBody(bytes, &position, answersHead)
        } catch {
            length = bytes.count
            if case .fault(let fault) = error { end = .faulty(fault) }
        }
    }

    private enum Stop: Error {
        case incomplete
        case fault(AnswerFault)
    }

    // MARK: - Lines

    /// A line that ends in CR LF, without them (RFC 9112 §2.2).
    private func line(_ bytes: [UInt8], _ position: inout Int) throws(Stop) -> ArraySlice<UInt8> {
        guard let lineFeed = bytes[position...].firstIndex(of: 0x0A) else { throw .incomplete }
        guard lineFeed > position, bytes[lineFeed - 1] == 0x0D else { throw .fault(.bareLineFeed) }
        let line = bytes[position..<lineFeed - 1]
        position = lineFeed + 1
        if line.contains(0x0D) { throw .fault(.bareCarriageReturn) }
        return line
    }

    private static func hasControl(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }

    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    private static func equal(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        var other = text.utf8Start
        for byte in bytes {
            let lower = 0x41...0x5A ~= byte ? byte | 0x20 : byte
            if lower != other.pointee { return false }
            other += 1
        }
        return true
    }

    private static func contains(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        return (bytes.startIndex...bytes.endIndex - count).contains {
            equal(bytes[$0..<$0 + count], text)
        }
    }

    private static func elements(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        value.split(separator: 0x2C, omittingEmptySubsequences: false).map(trim)
    }

    // MARK: - Heads

    private mutating func readHead(_ bytes: [UInt8], _ position: inout Int) throws(Stop) {
        connectionCloses = false
        connectionKeeps = false
        hasCodings = false
        codings = []
        announcedLength = nil
        isChunked = false
        try readStatusLine(try line(bytes, &position))
        while true {
            let field = try line(bytes, &position)
            if field.isEmpty { break }
            let (name, value) = try Self.field(field)
            try understand(name, value)
        }
        if hasCodings {
            if minorVersion == 0 { throw .fault(.codingInHTTP10) }
            if announcedLength != nil { throw .fault(.lengthAndCoding) }
            isChunked = codings.count == 1 && Self.equal(codings[0], "chunked")
            if !isChunked { throw .fault(.coding) }
        }
        if status == 101 { throw .fault(.switchedProtocols) }
        if connectionCloses || minorVersion == 0 && !connectionKeeps { keepsConnection = false }
        if status < 200 || status == 204, hasCodings || announcedLength ?? 0 > 0 {
            announcesForbiddenBody = true
            keepsConnection = false
        }
    }

    /// RFC 9112 §4.
    private mutating func readStatusLine(_ line: ArraySlice<UInt8>) throws(Stop) {
        let line = Array(line)
        if Self.hasControl(line[...]) { throw .fault(.control) }
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), 0x30...0x39 ~= line[7],
            line[8] == 0x20, line[9...11].allSatisfy({ 0x30...0x39 ~= $0 }),
            0x31...0x35 ~= line[9], line.count == 12 || line[12] == 0x20
        else { throw .fault(.statusLine) }
        if line[7] > 0x31 { hasLaterVersion = true }
        minorVersion = min(line[7] - 0x30, 1)
        status = line[9...11].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// RFC 9112 §5.
    private static func field(_ line: ArraySlice<UInt8>) throws(Stop)
        -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)
    {
        if line.first == 0x20 || line.first == 0x09 { throw .fault(.foldedLine) }
        guard let colon = line.firstIndex(of: 0x3A) else { throw .fault(.fieldName) }
        let name = line[..<colon]
        guard isToken(name) else { throw .fault(.fieldName) }
        let value = line[(colon + 1)...]
        if hasControl(value) { throw .fault(.control) }
        return (name, trim(value))
    }

    private mutating func understand(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>)
        throws(Stop)
    {
        if Self.equal(name, "content-length") {
            for element in Self.elements(value) {
                guard let length = Self.decimal(element) else { throw .fault(.length) }
                if let announcedLength, announcedLength != length { throw .fault(.lengths) }
                announcedLength = length
            }
        } else if Self.equal(name, "transfer-encoding") {
            hasCodings = true
            codings += Self.elements(value)
        } else if Self.equal(name, "connection") {
            for option in Self.elements(value) {
                if Self.equal(option, "close") { connectionCloses = true }
                if Self.equal(option, "keep-alive") { connectionKeeps = true }
            }
            if !connectionCloses, Self.contains(value, "close") { resemblesClose = true }
            if minorVersion == 0, Self.contains(value, "keep-alive") {
                resemblesKeepAliveInHTTP10 = true
            }
        }
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for digit in digits {
            guard 0x30...0x39 ~= digit else { return nil }
            let (tenfold, isTooMuch) = number.multipliedReportingOverflow(by: 10)
            let (sum, isMore) = tenfold.addingReportingOverflow(Int(digit - 0x30))
            if isTooMuch || isMore { return nil }
            number = sum
        }
        return number
    }

    // MARK: - Bodies

    /// RFC 9112 §6.3.
    private mutating func readBody(
        _ bytes: [UInt8], _ position: inout Int, _ answersHead: Bool
    ) throws(Stop) {
        if answersHead || status == 204 || status == 304 {
            // It has none.
        } else if isChunked {
            while try readChunk(bytes, &position) {}
        } else if let announcedLength {
            guard bytes.count - position >= announcedLength else { throw .incomplete }
            position += announcedLength
        } else {
            end = .withConnection
            length = bytes.count
            keepsConnection = false
            return
        }
        end = .whole
        length = position
    }

    /// RFC 9112 §7.1.
    /// - Returns: whether another one must follow.
    private func readChunk(_ bytes: [UInt8], _ position: inout Int) throws(Stop) -> Bool {
        let line = try line(bytes, &position)
        let digits = line.prefix { Self.hexadecimal($0) != nil }
        guard !digits.isEmpty else { throw .fault(.chunkSize) }
        var size = 0
        for digit in digits {
            guard size >> 59 == 0 else { throw .fault(.chunkSizeDigits) }
            size = size << 4 | Self.hexadecimal(digit)!
        }
        if digits.count > 16 { throw .fault(.chunkSizeDigits) }
        let rest = line[digits.endIndex...]
        if !rest.isEmpty {
            guard Self.trim(rest).first == 0x3B else { throw .fault(.chunkSize) }
            if Self.hasControl(rest) { throw .fault(.control) }
        }
        guard size > 0 else {
            try readTrailers(bytes, &position)
            return false
        }
        guard bytes.count - position >= size else { throw .incomplete }
        position += size
        for expected in [0x0D, 0x0A] as [UInt8] {
            guard position < bytes.count else { throw .incomplete }
            guard bytes[position] == expected else { throw .fault(.chunkEnd) }
            position += 1
        }
        return true
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46, 0x61...0x66: Int(byte | 0x20) - 0x61 + 10
        default: nil
        }
    }

    /// RFC 9112 §7.1.2.
    private func readTrailers(_ bytes: [UInt8], _ position: inout Int) throws(Stop) {
        while true {
            let line = try line(bytes, &position)
            if line.isEmpty { return }
            let name = try Self.field(line).name
            if Self.equal(name, "content-length") || Self.equal(name, "transfer-encoding")
                || Self.equal(name, "host")
            {
                throw .fault(.framingTrailer)
            }
        }
    }
}
