import CCurl
import PluginAPI

/// The header lines of one request, as libcurl takes them: a linked list whose nodes and text are
/// kept from request to request, so that a request allocates nothing.
struct CurlHeaderList: ~Copyable {
    private var text = ByteBuffer()
    private var offsets: ContiguousArray<Int> = []
    private var nodes: UnsafeMutablePointer<curl_slist> = .allocate(capacity: 16)
    private var capacity = 16

    deinit { nodes.deallocate() }

    /// Fills the list from a request's fields.
    /// - Parameter authority: what to send as Host when the request has none of its own.
    mutating func fill(_ request: Request, isChunked: Bool) -> UnsafeMutablePointer<curl_slist> {
        text.removeAll()
        offsets.removeAll(keepingCapacity: true)
        var hasAccept = false
        var hasContentType = false
        let headers = request.headers
        for field in headers.fields {
            // libcurl writes the length itself, from what it is told of the body.
            if field.id == .contentLength || field.id == .transferEncoding { continue }
            let name = headers.storage.slice(field.name)
            if field.id == .other {
                if name.count == 6, !hasAccept { hasAccept = Self.accept.matches(name) }
                if name.count == 12, !hasContentType {
                    hasContentType = Self.contentType.matches(name)
                }
            }
            offsets.append(text.count)
            text.append(name)
            if field.value.count == 0 {
                // "Name:" would tell libcurl to leave the field out.
                text.append(UInt8(ascii: ";"))
            } else {
                text.append(": ")
                text.append(headers.storage.slice(field.value))
            }
            text.append(0)
        }
        // An empty value keeps libcurl from adding a field that the client did not send.
        add("Expect:")
        if !hasAccept { add("Accept:") }
        if !hasContentType { add("Content-Type:") }
        if isChunked { add("Transfer-Encoding: chunked") }
        return link()
    }

    private static let accept: HeaderName = "accept"
    private static let contentType: HeaderName = "content-type"

    private mutating func add(_ line: StaticString) {
        offsets.append(text.count)
        text.append(line)
        text.append(0)
    }

    private mutating func link() -> UnsafeMutablePointer<curl_slist> {
        let count = offsets.count
        if count > capacity {
            nodes.deallocate()
            capacity = count * 2
            nodes = .allocate(capacity: capacity)
        }
        let base = UnsafeMutablePointer(mutating: text.readable.baseAddress!)
        for index in 0..<count {
            let data = UnsafeMutableRawPointer(base + offsets[index]).assumingMemoryBound(
                to: CChar.self)
            nodes[index] = curl_slist(data: data, next: index + 1 < count ? nodes + index + 1 : nil)
        }
        return nodes
    }
}

extension HeaderName {
    func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        withBytes { ASCII.equalsIgnoringCase($0, name) }
    }
}
