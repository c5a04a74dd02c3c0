import PluginAPI
import Proxy

/// An answer is the same however it is cut, and what is forwarded of it is read as it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzResponseParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let limits =
        input.option & 1 == 0
        ? HeadLimits() : HeadLimits(requestLine: 64, headers: 256, headerCount: 8)
    let method: Method = input.option & 2 == 0 ? .get : .head
    let acceptsHTTP2 = input.option & 4 != 0
    let whole = ReadHead.response(
        input.message, to: method, limits: limits, acceptsHTTP2: acceptsHTTP2)
    for cuts in [input.cuts, input.singleBytes] {
        let pieces = ReadHead.response(
            input.message, to: method, cuts: cuts, limits: limits, acceptsHTTP2: acceptsHTTP2)
        require(pieces == whole, "whole: \(whole)\npieces: \(pieces)")
    }
    guard case .head(let consumed) = whole.result else { return 0 }
    require(consumed <= input.message.count, "more was consumed than there was")

    let response = Response()
    var parser = ResponseParser(acceptsHTTP2StatusLine: acceptsHTTP2)
    let result = input.message.withUnsafeBufferPointer {
        parser.parse($0, into: response, method: method, limits: limits)
    }
    require(result == whole.result, "a second reading differs")
    HopByHop.remove(from: response.headers)
    let fields = ReadHead.lines(of: response.headers)
        .filter { !$0.lowercased().hasPrefix("content-length:") }
    var buffer = ByteBuffer()
    HeadWriter.writeResponse(
        response, framing: parser.framing, keepAlive: true, minorVersion: 1, date: nil, to: &buffer)
    let text = Array(buffer.readable)
    let again = ReadHead.response(
        text, to: method,
        limits: HeadLimits(requestLine: .max, headers: .max, headerCount: 1000))
    require(again.result == .head(consumed: text.count), "\(again) from \(whole)")
    require(again.startLine == whole.startLine, "\(again) from \(whole)")
    require(again.framing == whole.framing, "\(again) from \(whole)")
    let framingNames = ["content-length:", "transfer-encoding:", "connection:"]
    require(
        again.fields.filter { line in
            !framingNames.contains { line.lowercased().hasPrefix($0) }
        } == fields, "\(again) from \(whole)")
    return 0
}
