/// An answer made at random, most often with something wrong in it, and how it is sent.
///
/// Made of whole lines from tables, so that a thousand of them cost less than a millisecond or two: the
/// faults are those that readers of HTTP disagree about. `AnswerReading` tells which there are.
struct SpoiledAnswer {
    private(set) var bytes: [UInt8] = []
    /// Where it is cut, in ascending order; pieces are not empty and not longer than `longestPiece`.
    private(set) var cuts: [Int] = []
    /// Whether the request is a HEAD.
    private(set) var answersHead = false
    /// Whether the connection is closed behind the last byte, or stays open.
    private(set) var closes = false
    private var random = Randomness(seed: 0)

    /// What the reader of answers makes room for at least.
    static let longestPiece = 4096

    init() { bytes.reserveCapacity(16384) }

    init(seed: Int) { make(seed: seed) }

    /// One that somebody else has made.
    init(_ bytes: [UInt8], cuts: [Int], answersHead: Bool, closes: Bool) {
        self.bytes = bytes
        self.answersHead = answersHead
        self.closes = closes
        for place in cuts where place > self.cuts.last ?? 0 && place < bytes.count {
            self.cuts.append(place)
        }
    }

    /// The pieces, in order.
    var pieces: [Range<Int>] {
        zip([0] + cuts, cuts + [bytes.count]).map { $0..<$1 }
    }

    /// Becomes the answer of a seed, in the memory of the one before.
    mutating func make(seed: Int) {
        // One seed's numbers are the next one's, moved by one: those of the mixed seed are not.
        var mixed = Randomness(seed: seed)
        random = Randomness(seed: Int(mixed.next() >> 1))
        bytes.removeAll(keepingCapacity: true)
        answersHead = oneIn(12)
        closes = oneIn(4)
        if oneIn(12) { addInformational() }
        addHead()
        if oneIn(14) { add(Self.behind) }
        if oneIn(5) { mutate() }
        if oneIn(12), !bytes.isEmpty { bytes.removeLast(below(min(bytes.count, 1 << 10)) + 1) }
        cut()
    }

    // MARK: - Chance

    private mutating func below(_ bound: Int) -> Int {
        Int(((random.next() >> 32) &* UInt64(bound)) >> 32)
    }

    private mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    private mutating func add(_ table: [[UInt8]]) { bytes += table[below(table.count)] }

    // MARK: - Heads

    private mutating func addInformational() {
        for _ in 0...below(3) {
            add(oneIn(8) ? Self.oddInformational : Self.informational)
            endLine()
            for _ in 0..<below(3) { addField() }
            endLine()
        }
    }

    private mutating func endLine() {
        if oneIn(80) { add(Self.oddLineEnds) } else { bytes += Self.lineEnd }
    }

    private mutating func addField() {
        add(oneIn(24) ? Self.oddFields : Self.fields)
        endLine()
    }

    private mutating func addFraming(_ field: [UInt8]) {
        bytes += field
        endLine()
        if oneIn(10) {
            add(Self.oddFraming)
            endLine()
        }
    }

    private mutating func addHead() {
        add(oneIn(10) ? Self.oddStatusLines : Self.statusLines)
        endLine()
        for _ in 0..<below(4) { addField() }
        let length = oneIn(40) ? below(9000) : below(Self.lengths[below(Self.lengths.count)] + 1)
        switch below(12) {
        case 0...4:
            let announced = oneIn(20) ? max(0, length + below(5) - 2) : length
            var field = Self.contentLength
            if oneIn(16) { field += Self.zeros }
            field += Array(String(announced).utf8)
            addFraming(field)
            for _ in 0..<below(3) { addField() }
            endLine()
            addData(length)
        case 5...9:
            addFraming(
                oneIn(8) ? Self.chunkedSpellings[below(Self.chunkedSpellings.count)] : Self.chunked)
            for _ in 0..<below(3) { addField() }
            endLine()
            addChunks(length)
        case 10:
            add(Self.oddFraming)
            endLine()
            endLine()
            if oneIn(2) { addChunks(length) } else { addData(length) }
        default:
            endLine()
            addData(length)
        }
    }

    // MARK: - Bodies

    private mutating func addData(_ count: Int) {
        if oneIn(8) {
            // What would be framing anywhere else.
            let text = Self.framingLike[below(Self.framingLike.count)]
            for index in 0..<count { bytes.append(text[index % text.count]) }
            return
        }
        var left = count
        while left > 0 {
            var word = random.next()
            for _ in 0..<min(8, left) {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
            left -= 8
        }
    }

    private mutating func addChunks(_ length: Int) {
        var left = length
        while left > 0 {
            let count = oneIn(2) ? left : below(left) + 1
            left -= count
            addSize(count)
            addData(count)
            if oneIn(60) { add(Self.oddLineEnds) } else { bytes += Self.lineEnd }
        }
        add(oneIn(30) ? Self.oddLastChunks : Self.lastChunks)
        endLine()
        if oneIn(4) {
            for _ in 0...below(3) {
                if oneIn(6) {
                    add(Self.trailers)
                    endLine()
                } else {
                    addField()
                }
            }
        }
        endLine()
    }

    private mutating func addSize(_ count: Int) {
        if oneIn(40) {
            add(Self.oddSizes)
            return endLine()
        }
        let announced = oneIn(60) ? max(0, count + below(5) - 2) : count
        if oneIn(8) { bytes.append(contentsOf: Self.zeros.prefix(below(Self.zeros.count + 1))) }
        bytes += Array(String(announced, radix: 16, uppercase: oneIn(2)).utf8)
        if oneIn(6) { add(oneIn(5) ? Self.oddExtensions : Self.extensions) }
        endLine()
    }

    // MARK: - The whole

    /// Changes a few bytes anywhere, in the head more often than behind it.
    private mutating func mutate() {
        for _ in 0...below(3) where !bytes.isEmpty {
            let place = below(oneIn(2) ? min(bytes.count, 80) : bytes.count)
            let byte = oneIn(4) ? UInt8(below(256)) : Self.nasty[below(Self.nasty.count)]
            switch below(4) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            default:
                let end = min(bytes.count, place + below(24))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
    }

    private mutating func cut() {
        cuts.removeAll(keepingCapacity: true)
        if bytes.count < 200, oneIn(100) {
            if bytes.count > 1 { cuts.append(contentsOf: 1..<bytes.count) }
            return
        }
        if bytes.count > Self.longestPiece {
            cuts.append(contentsOf: stride(from: 4000, to: bytes.count, by: 4000))
        }
        for _ in 0..<max(0, below(6) - 2) where bytes.count > 1 {
            let place = 1 + below(bytes.count - 1)
            if !cuts.contains(place) { cuts.append(place) }
        }
        cuts.sort()
    }
}
