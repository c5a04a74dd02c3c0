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
package struct BodyDecoder: Sendable {
    /// Whether the body's last byte, with all framing behind it, has been decoded. Never true for
    /// `.untilClose`, which ends with the connection.
    package private(set) var isComplete: Bool
    package let framing: BodyFraming

    /// - Parameter limits: bound the trailer section of a chunked body.
    package init(_ framing: BodyFraming, limits: HeadLimits = HeadLimits()) {
        self.framing = framing
        isComplete = !framing.hasBody
    }

    /// Finds the next run of body bytes.
    /// - Parameters:
    ///   - bytes: what has been received and not been consumed: the first byte is the one behind
    ///     those that earlier calls consumed.
    ///   - trailers: where the fields behind a chunked body go; nil drops them. They are checked
    ///     either way.
    package mutating func decode(_ bytes: UnsafeBufferPointer<UInt8>, trailers: Headers?)
        -> BodyStep
    {
        .needMore(consumed: 0)
    }
}
