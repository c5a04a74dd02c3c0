import Glibc

/// Writing to a stream that the process was given, which may be closed or full.
enum StandardStream {
    /// Writes a line.
    /// - Returns: false when it could not be written whole; `errno` tells why.
    @discardableResult
    static func write(_ line: String, to descriptor: Int32) -> Bool {
        var text = line + "\n"
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
