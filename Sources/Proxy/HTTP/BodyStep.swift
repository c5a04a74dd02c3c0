/// What `BodyDecoder` found.
package enum BodyStep: Sendable, Equatable {
    /// `bytes[range]` belongs to the body; the first `consumed` bytes are done with, which includes
    /// framing around the run. With `isLast` the body is complete, and no `.end` follows.
    case data(Range<Int>, consumed: Int, isLast: Bool)
    /// Nothing more can be told from these bytes. Those behind `consumed` must come again.
    case needMore(consumed: Int)
    /// The body is complete; its end came without body bytes.
    case end(consumed: Int)
    /// The connection cannot be read any further.
    case invalid(HTTPError)
}
