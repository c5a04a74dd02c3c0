import PluginAPI

/// Reads one answer, from the first informational head to the end of the body.
struct AnswerReader {
    private var parser = ResponseParser()
    private var decoder = BodyDecoder(.none)
    private var method = Method.get
    private var isInBody = false
    /// Of all heads together.
    private var headLength = 0
    /// What informational heads said of the connection.
    private var mayKeepConnection = true

    /// What was found. `consumed` bytes are done with.
    enum Step {
        /// Those behind `consumed` must come again, with more behind them.
        case needMore(consumed: Int)
        /// The head of an informational answer is in the response.
        case informational(consumed: Int)
        /// The head of the answer is in the response.
        case head(consumed: Int)
        /// `bytes[run]` belongs to the body.
        case data(_ run: Range<Int>, consumed: Int, isLast: Bool)
        case end(consumed: Int)
        case invalid(String)
    }

    init(method: Method = .get) { self.method = method }

    /// Whether the connection can be used again after the answer.
    var keepsConnection: Bool { parser.keepAlive && mayKeepConnection }
    /// Whether the end of the connection is the end of the answer.
    var endsWithConnection: Bool { isInBody && parser.framing == .untilClose }

    /// Reads on.
    /// - Parameters:
    ///   - bytes: what has been received and not been consumed.
    ///   - response: where heads go, the same in every call.
    ///   - trailers: where the fields behind a chunked body go.
    mutating func next(
        _ bytes: UnsafeBufferPointer<UInt8>, into response: Response, trailers: Headers?
    ) -> Step {
        guard isInBody else { return nextHead(bytes, response) }
        switch decoder.decode(bytes, trailers: trailers) {
        case .data(let run, let consumed, let isLast):
            return .data(run, consumed: consumed, isLast: isLast)
        case .needMore(let consumed): return .needMore(consumed: consumed)
        case .end(let consumed): return .end(consumed: consumed)
        case .invalid(let error):
            return .invalid("the answer's body is not valid: \(error.message)")
        }
    }

    private mutating func nextHead(_ bytes: UnsafeBufferPointer<UInt8>, _ response: Response)
        -> Step
    {
        switch parser.parse(bytes, into: response, method: method, limits: .answer) {
        case .incomplete: return .needMore(consumed: 0)
        case .invalid(let error):
            return .invalid("the answer's head is not valid: \(error.message)")
        case .head(let consumed):
            headLength += consumed
            if response.status == 101 {
                return .invalid("the upstream switched protocols without being asked")
            }
            guard response.status < 200 else {
                decoder = BodyDecoder(parser.framing)
                isInBody = true
                return .head(consumed: consumed)
            }
            guard headLength <= HeadLimits.answer.headers else {
                return .invalid("the informational answers do not end")
            }
            // An informational answer too may say that the connection ends with the exchange.
            if !parser.keepAlive { mayKeepConnection = false }
            parser.reset()
            return .informational(consumed: consumed)
        }
    }

    var hasTrailers: Bool { parser.framing == .chunked }
}
