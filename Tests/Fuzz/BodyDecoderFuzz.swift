import PluginAPI
import Proxy

/// A body is the same however it is cut, and what is chunked again is read as it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBodyDecoder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let framing: BodyFraming =
        switch input.option & 7 {
        case 0: .none
        case 1: .length(input.option)
        case 2: .untilClose
        default: .chunked
        }
    let takesTrailers = input.option & 8 != 0
    let limits = HeadLimits(requestLine: 64, headers: 256, headerCount: 8)
    let whole = ReadBody.read(
        input.message, framing, takesTrailers: takesTrailers, limits: limits)
    for cuts in [input.cuts, input.singleBytes] {
        let pieces = ReadBody.read(
            input.message, framing, cuts: cuts, takesTrailers: takesTrailers, limits: limits)
        require(pieces == whole, "whole: \(whole)\npieces: \(pieces)")
    }
    require(whole.consumed <= input.message.count, "more was consumed than there was")
    require(whole.data.count <= input.message.count, "more data was found than there was")

    // The input as data: chunked in the same pieces, it comes back.
    var buffer = ByteBuffer()
    var position = 0
    for end in input.cuts + [input.message.count] {
        input.message[position..<end].withUnsafeBufferPointer {
            ChunkWriter.write($0, to: &buffer)
        }
        position = end
    }
    ChunkWriter.writeLast(to: &buffer)
    let text = Array(buffer.readable)
    let again = ReadBody.read(text, .chunked, cuts: input.cuts)
    require(
        again == ReadBody(data: input.message, consumed: text.count, isComplete: true),
        "\(again) from \(input.message)")
    return 0
}
