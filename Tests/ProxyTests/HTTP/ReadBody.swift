import PluginAPI
import Proxy

/// What was read of a body, in a form that can be compared.
struct ReadBody: Equatable {
    var data: [UInt8] = []
    /// How many bytes of the input the body took, framing included.
    var consumed = 0
    var isComplete = false
    var error: HTTPError?
    var trailers: [String] = []

    var text: String { String(decoding: data, as: UTF8.self) }

    /// Reads a body that arrives in pieces, which end at `cuts` and at the end.
    static func read(
        _ bytes: [UInt8], _ framing: BodyFraming, cuts: [Int] = [], takesTrailers: Bool = true,
        limits: HeadLimits = HeadLimits()
    ) -> ReadBody {
        var decoder = BodyDecoder(framing, limits: limits)
        let trailers = takesTrailers ? Headers() : nil
        var body = ReadBody()
        arriving: for end in cuts + [bytes.count] {
            while true {
                // An array of its own, so that a sanitizer sees a read behind its end.
                let received = Array(bytes[body.consumed..<end])
                let step = received.withUnsafeBufferPointer {
                    decoder.decode($0, trailers: trailers)
                }
                switch step {
                case .data(let range, let consumed, let isLast):
                    body.data += received[range]
                    body.consumed += consumed
                    guard isLast else { continue }
                    body.isComplete = true
                    break arriving
                case .end(let consumed):
                    body.consumed += consumed
                    body.isComplete = true
                    break arriving
                case .needMore(let consumed):
                    body.consumed += consumed
                    continue arriving
                case .invalid(let error):
                    body.error = error
                    // How far a broken body was taken depends on how it came.
                    body.consumed = 0
                    break arriving
                }
            }
        }
        if body.error == nil { assert(decoder.isComplete == body.isComplete) }
        if let trailers { body.trailers = ReadHead.lines(of: trailers) }
        return body
    }

    static func read(
        _ text: String, _ framing: BodyFraming, cuts: [Int] = [], takesTrailers: Bool = true,
        limits: HeadLimits = HeadLimits()
    ) -> ReadBody {
        read(
            Array(text.utf8), framing, cuts: cuts, takesTrailers: takesTrailers, limits: limits)
    }
}
