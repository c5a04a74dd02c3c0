import PluginAPI

/// Writes one request: its head, and its body as it is there or as it comes.
///
/// What is to be sent next stands in a small buffer, or, for the most of a long body that is there, in
/// the body's own memory. Nothing is added to the buffer before all of it is sent: TLS has to be
/// offered the same bytes from the same place again.
struct RequestWriter: ~Copyable {
    private var output = ByteBuffer()
    /// The rest of a body that is there.
    private var rest = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private var stream = Stream.ended
    /// Whether a byte of it has left.
    private(set) var hasSent = false
    /// Whether a byte of a streamed body has been taken, which nobody can give again.
    private(set) var hasTaken = false

    private enum Stream {
        /// So many bytes are to come.
        case counted(Int)
        case chunked
        case ended
    }

    enum Next {
        case bytes(UnsafeBufferPointer<UInt8>)
        /// The body's next bytes are not there yet.
        case later
        case complete
        /// It cannot be completed.
        case broken
    }

    /// How much of a body goes with the head, and how much of a streamed one is taken at a time.
    static let runLength = 16 << 10

    /// How much of a body that is there is offered at a time: TLS does not stop before.
    static let restLength = 64 << 10

    /// Whether all of it has been sent.
    var isComplete: Bool {
        if case .ended = stream { output.isEmpty && rest.isEmpty } else { false }
    }

    /// Begins a request.
    mutating func begin(_ outgoing: borrowing OutgoingRequest, to target: Target) {
        output.removeAll()
        rest = UnsafeBufferPointer(start: nil, count: 0)
        stream = .ended
        hasSent = false
        hasTaken = false
        let method = outgoing.request.method
        switch outgoing.body {
        case .none:
            // These announce a body even when there is none (RFC 9110 §8.6).
            let announces = method == .post || method == .put || method == .patch
            writeHead(outgoing, target, announces ? .length(0) : .none)
        case .whole(let body):
            writeHead(outgoing, target, .length(body.count))
            if body.count <= Self.runLength {
                output.append(body)
            } else {
                output.append(body.slice(0..<Self.runLength))
                rest = body.slice(Self.runLength..<body.count)
            }
        case .stream(let length?):
            writeHead(outgoing, target, .length(length))
            stream = length > 0 ? .counted(length) : .ended
        case .stream(nil):
            writeHead(outgoing, target, .chunked)
            stream = .chunked
        }
    }

    private mutating func writeHead(
        _ outgoing: borrowing OutgoingRequest, _ target: Target, _ framing: BodyFraming
    ) {
        HeadWriter.writeRequest(
            outgoing.request, authority: target.authority, framing: framing, to: &output)
    }

    /// Puts what there is of a streamed body behind the head, so that both leave together.
    /// - Returns: false when the request cannot be completed.
    mutating func takeFirst(from receiver: any TransferReceiver) -> Bool {
        if case .ended = stream { return true }
        if case .broken = take(from: receiver) { return false }
        return true
    }

    /// What is to be sent now.
    mutating func next(from receiver: any TransferReceiver) -> Next {
        if !output.isEmpty { return .bytes(output.readable) }
        if !rest.isEmpty { return .bytes(rest.slice(0..<min(rest.count, Self.restLength))) }
        return take(from: receiver)
    }

    /// So many of the bytes that `next` gave have left.
    mutating func sent(_ count: Int) {
        hasSent = hasSent || count > 0
        if output.isEmpty {
            rest = rest.slice(count..<rest.count)
        } else {
            output.consume(count)
        }
    }

    private mutating func take(from receiver: any TransferReceiver) -> Next {
        switch stream {
        case .ended: return .complete
        case .counted(let missing):
            let space = output.writable(minimum: min(missing, Self.runLength))
            let run = min(missing, Self.runLength)
            switch receiver.takeBody(into: UnsafeMutableRawBufferPointer(rebasing: space[..<run])) {
            case .bytes(let count):
                output.commit(count)
                hasTaken = true
                stream = count < missing ? .counted(missing - count) : .ended
                return .bytes(output.readable)
            case .later: return .later
            // Less than was announced is no whole body.
            case .ended, .broken: return .broken
            }
        case .chunked: return takeChunk(from: receiver)
        }
    }

    /// Takes a run, with its size before it, which is known only then: so the run is put behind the most
    /// space that its size can take, and moved up.
    private mutating func takeChunk(from receiver: any TransferReceiver) -> Next {
        let sizeSpace = 6  // four digits, CR and LF
        let space = output.writable(minimum: sizeSpace + Self.runLength + 2)
        let run = UnsafeMutableRawBufferPointer(
            rebasing: space[sizeSpace...].prefix(Self.runLength))
        switch receiver.takeBody(into: run) {
        case .bytes(let count):
            ChunkWriter.writeHead(count, to: &output)
            output.writable(minimum: count).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: run[..<count]))
            output.commit(count)
            ChunkWriter.writeTail(to: &output)
            hasTaken = true
            return .bytes(output.readable)
        case .later: return .later
        case .broken: return .broken
        case .ended:
            ChunkWriter.writeLast(trailers: receiver.requestTrailers, to: &output)
            stream = .ended
            return .bytes(output.readable)
        }
    }

    /// Forgets the request: nothing of its memory is read any more.
    mutating func end() {
        output.removeAll()
        if output.capacity > 2 * Self.runLength { output.release() }
        rest = UnsafeBufferPointer(start: nil, count: 0)
        stream = .ended
    }
}
