extension ByteBuffer {
    /// Adds a command as Redis reads it (RESP): an array of bulk strings.
    /// - Parameter leading: stand before the other arguments.
    mutating func appendCommand(
        _ name: StaticString, leading: RedisArguments = .none, _ arguments: RedisArguments
    ) {
        append("*")
        appendDecimal(1 + leading.count + arguments.count)
        append("\r\n$")
        appendDecimal(name.utf8CodeUnitCount)
        append("\r\n")
        append(name)
        append("\r\n")
        leading.encoded.withUnsafeBufferPointer { append($0) }
        arguments.encoded.withUnsafeBufferPointer { append($0) }
    }
}
