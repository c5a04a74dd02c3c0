/// How far a head has come.
package enum ParseResult: Sendable, Equatable {
    /// Call again with the same bytes and more behind them.
    case incomplete
    /// The head is whole and took the first `consumed` bytes.
    case head(consumed: Int)
    /// The connection cannot be read any further.
    case invalid(HTTPError)
}
