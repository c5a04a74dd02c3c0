import PluginAPI

/// Writes the chunked coding (RFC 9112 §7.1).
package enum ChunkWriter {
    /// What goes before a chunk's bytes.
    /// - Precondition: `count` is positive; a chunk of no bytes would end the body.
    package static func writeHead(_ count: Int, to buffer: inout ByteBuffer) {
        precondition(count > 0, "an empty chunk ends the body")
        buffer.appendHex(count)
        buffer.append("\r\n")
    }

    /// What goes behind a chunk's bytes.
    package static func writeTail(to buffer: inout ByteBuffer) { buffer.append("\r\n") }

    /// A whole chunk; nothing when there are no bytes.
    package static func write(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: inout ByteBuffer) {
        guard !bytes.isEmpty else { return }
        writeHead(bytes.count, to: &buffer)
        buffer.append(bytes)
        writeTail(to: &buffer)
    }

    /// The end of the body.
    /// - Parameter trailers: as `BodyDecoder` gives them.
    package static func writeLast(trailers: Headers? = nil, to buffer: inout ByteBuffer) {
        buffer.append("0\r\n")
        if let trailers {
            FieldWriter.write(trailers, to: &buffer) { id in
                id == .contentLength || HopByHop.isHopByHop(id)
            }
        }
        buffer.append("\r\n")
    }
}
