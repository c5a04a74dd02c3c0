import PluginAPI
import Proxy

/// Once enough has come to tell, more bytes change nothing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProxyProtocol(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = bytes.withUnsafeBufferPointer { ProxyProtocol.parse($0) }
    if case .header(_, let consumed) = whole {
        require(consumed <= count, "more was consumed than there was")
    }
    var told: ProxyProtocol.Result?
    for end in 0...min(count, 300) {
        let result = Array(bytes[..<end]).withUnsafeBufferPointer { ProxyProtocol.parse($0) }
        if let told {
            require(result == told, "\(told) became \(result)")
        } else if result != .incomplete {
            told = result
        }
    }
    if let told { require(told == whole, "\(told) became \(whole)") }
    return 0
}
