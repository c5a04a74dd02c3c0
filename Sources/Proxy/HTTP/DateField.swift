import PluginAPI

/// The line `Date: Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), made once a second.
package struct DateField: Sendable {
    package init() {}

    /// Makes the line anew when the second has changed. Call it once a loop turn.
    package mutating func update(_ now: WallTime) {}

    /// Appends the line with its CRLF.
    package func append(to buffer: inout ByteBuffer) {}
}
