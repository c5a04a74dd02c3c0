import PluginAPI
import Proxy

/// A request is the same however it is cut, and what is forwarded of it is read as it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let limits =
        input.option & 1 == 0
        ? HeadLimits() : HeadLimits(requestLine: 64, headers: 256, headerCount: 8)
    let whole = ReadHead.request(input.message, limits: limits)
    for cuts in [input.cuts, input.singleBytes] {
        let pieces = ReadHead.request(input.message, cuts: cuts, limits: limits)
        require(pieces == whole, "whole: \(whole)\npieces: \(pieces)")
    }
    guard case .head(let consumed) = whole.result else { return 0 }
    require(consumed <= input.message.count, "more was consumed than there was")
    forward(input, whole, limits)
    return 0
}

private func forward(_ input: FuzzInput, _ whole: ReadHead, _ limits: HeadLimits) {
    let request = Request()
    var parser = RequestParser()
    let result = input.message.withUnsafeBufferPointer {
        parser.parse($0, into: request, limits: limits)
    }
    require(result == whole.result, "a second reading differs")
    let hadHost = request.headers.contains("host")
    HopByHop.remove(from: request.headers)
    require(request.headers.contains("host") == hadHost, "Host is gone")
    require(!request.headers.contains("transfer-encoding"), "a hop-by-hop field is left")
    if !hadHost { request.headers.append("Host", "a") }
    func forwarded(_ fields: [String]) -> [String] {
        let asTold = ["content-length:", "transfer-encoding:", "expect:"]
        return fields.filter { line in !asTold.contains { line.lowercased().hasPrefix($0) } }
    }
    let fields = forwarded(ReadHead.lines(of: request.headers))

    var buffer = ByteBuffer()
    HeadWriter.writeRequest(request, framing: parser.framing, to: &buffer)
    let text = Array(buffer.readable)
    let again = ReadHead.request(
        text, limits: HeadLimits(requestLine: .max, headers: .max, headerCount: 1000))
    require(again.result == .head(consumed: text.count), "\(again) from \(whole)")
    require(again.framing == whole.framing, "\(again) from \(whole)")
    require(forwarded(again.fields) == fields, "\(again) from \(whole)")
    require(again.startLine[1] == whole.startLine[1], "\(again) from \(whole)")
    require(
        Array(again.startLine[3...4]) == Array(whole.startLine[3...4]), "\(again) from \(whole)")
}
