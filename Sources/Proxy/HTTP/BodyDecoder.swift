import PluginAPI

/// Finds the body's bytes in what follows a head, without copying them.
///
///     while true {
///         switch decoder.decode(buffer.readable, trailers: nil) {
///         case .data(let range, let consumed, let isLast): …pass on readable[range]…
///         case .needMore(let consumed): …consume, and read from the socket…
///         case .end(let consumed): …
///         case .invalid(let error): …
///         }
///     }
///
/// After `.invalid` every further call gives the same.
package struct BodyDecoder: Sendable {
    package let framing: BodyFraming
    private let limits: HeadLimits
    private var state: State

    private enum State {
        /// `.length`: so many bytes are to come, at least one.
        case counted(Int)
        case untilClose
        case chunk(ChunkScanner)
        /// In a chunk: so many bytes are to come, at least one.
        case chunkData(Int, overhead: Int)
        case trailers(TrailerSection)
        case complete
        case failed(HTTPError)
    }

    /// - Parameter limits: bound the trailer section of a chunked body.
    package init(_ framing: BodyFraming, limits: HeadLimits = HeadLimits()) {
        self.framing = framing
        self.limits = limits
        state =
            switch framing {
            case .none, .length(0): .complete
            case .length(let length): .counted(length)
            case .chunked: .chunk(ChunkScanner(isFirst: true, overhead: 0))
            case .untilClose: .untilClose
            }
    }

    /// Whether the body's last byte, with all framing behind it, has been decoded. Never true for
    /// `.untilClose`, which ends with the connection.
    /// Bytes of the present chunk that are still to come, as its size announces.
    package var announced: Int {
        if case .chunkData(let remaining, _) = state { remaining } else { 0 }
    }

    package var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// Finds the next run of body bytes.
    /// - Parameters:
    ///   - bytes: what has been received and not been consumed: the first byte is the one behind
    ///     those that earlier calls consumed.
    ///   - trailers: where the fields behind a chunked body go, the same object in every call,
    ///     emptied first; nil drops them. They are checked either way. What frames or routes a message is refused
    ///     there, and other fields that are to be known before the body are dropped (RFC 9110
    ///     §6.5.1).
    package mutating func decode(_ bytes: UnsafeBufferPointer<UInt8>, trailers: Headers?)
        -> BodyStep
    {
        switch state {
        case .counted(let remaining):
            guard !bytes.isEmpty else { return .needMore(consumed: 0) }
            let count = min(remaining, bytes.count)
            state = count == remaining ? .complete : .counted(remaining - count)
            return .data(0..<count, consumed: count, isLast: count == remaining)
        case .untilClose:
            guard !bytes.isEmpty else { return .needMore(consumed: 0) }
            return .data(0..<bytes.count, consumed: bytes.count, isLast: false)
        case .complete:
            return .end(consumed: 0)
        case .chunk, .chunkData, .trailers, .failed:
            return decodeChunks(bytes, trailers: trailers)
        }
    }

    /// Gives one run of data, with all framing that stands before and behind it: so that the end, if
    /// it is there, comes with the last data.
    private mutating func decodeChunks(
        _ bytes: UnsafeBufferPointer<UInt8>, trailers: Headers?
    ) -> BodyStep {
        var position = 0
        var run: Range<Int>?
        func step(isLast: Bool = false) -> BodyStep {
            if let run { return .data(run, consumed: position, isLast: isLast) }
            return isLast ? .end(consumed: position) : .needMore(consumed: position)
        }

        while true {
            switch state {
            case .chunk(var scanner):
                switch scanner.next(bytes, &position) {
                case .incomplete:
                    state = .chunk(scanner)
                    return step()
                case .chunk(let size, let overhead):
                    state = .chunkData(size, overhead: overhead)
                case .lastChunk:
                    trailers?.removeAll()
                    state = .trailers(TrailerSection())
                case .invalid(let error):
                    state = .failed(error)
                }
            case .chunkData(let remaining, let overhead):
                guard run == nil, position < bytes.count else { return step() }
                let count = min(remaining, bytes.count - position)
                run = position..<position + count
                position += count
                state =
                    count == remaining
                    ? .chunk(ChunkScanner(isFirst: false, overhead: overhead))
                    : .chunkData(remaining - count, overhead: overhead)
            case .trailers(var section):
                let result = section.read(
                    bytes.slice(position..<bytes.count), into: trailers, limits: limits)
                switch result {
                case .incomplete:
                    state = .trailers(section)
                    return step()
                case .head(let consumed):
                    position += consumed
                    state = .complete
                case .invalid(let error):
                    state = .failed(error)
                }
            case .complete:
                return step(isLast: true)
            case .failed(let error):
                // What was found before the fault is passed on first.
                return run == nil ? .invalid(error) : step()
            case .counted, .untilClose:
                preconditionFailure("not a chunked body")
            }
        }
    }
}
