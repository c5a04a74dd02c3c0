import CCurl
import PluginAPI

/// What a handle is told: once for its target, and for each request.
extension CurlTransfer {
    func configure() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        handle.set(CURLOPT_PRIVATE, me)
        sluice_easy_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        sluice_easy_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0)
        sluice_easy_set_long(easy, CURLOPT_BUFFERSIZE, 16384)
        sluice_easy_set_long(easy, CURLOPT_HTTP_VERSION, version)
        // libcurl 7.88 breaks the second request of an HTTP/2 connection without TLS.
        if version == CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE {
            sluice_easy_set_long(easy, CURLOPT_FORBID_REUSE, 1)
        }
        isSpent = Self.keepsFreedFields && version != CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        // One connection is better shared than opened anew, where the upstream may speak HTTP/2.
        sluice_easy_set_long(
            easy, CURLOPT_PIPEWAIT, target.isSecure && target.version != .http1 ? 1 : 0)

        sluice_easy_set_pointer(easy, CURLOPT_HEADERDATA, me)
        sluice_easy_set_data_function(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, me in
            me!.curlTransfer.receiveHeadLine(
                UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        sluice_easy_set_pointer(easy, CURLOPT_WRITEDATA, me)
        sluice_easy_set_data_function(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, me in
            me!.curlTransfer.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        sluice_easy_set_pointer(easy, CURLOPT_READDATA, me)
        sluice_easy_set_data_function(easy, CURLOPT_READFUNCTION) { space, size, count, me in
            me!.curlTransfer.supplyBody(
                UnsafeMutableRawBufferPointer(start: space, count: size * count))
        }
        sluice_easy_set_pointer(easy, CURLOPT_PREREQDATA, me)
        sluice_easy_set_prereq_function(easy) { me, _, _, _, _ in me!.curlTransfer.connected() }
        sluice_easy_set_pointer(easy, CURLOPT_OPENSOCKETDATA, me)
        sluice_easy_set_open_function(easy) { me, _, address in
            me!.curlTransfer.openSocket(address!.pointee)
        }
        sluice_easy_set_pointer(
            easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(transport.multi).toOpaque())
        sluice_easy_set_close_function(easy) { multi, descriptor in
            multi!.curlMulti.closing(descriptor)
        }
    }

    /// libcurl before 8.1 keeps a pointer to the last field of a handle's answer when it frees that answer's
    /// fields, and adds a folded line to it that comes first in the handle's next answer, if that is in
    /// HTTP/1. An upstream must not be able to write there, so the handle serves one request only.
    private static let keepsFreedFields =
        curl_version_info(CURLVERSION_FIRST).pointee.version_num < 0x08_01_00

    var version: Int {
        switch (target.version, target.isSecure) {
        case (.http1, _), (.auto, false): CURL_HTTP_VERSION_1_1
        case (.auto, true), (.http2, true): CURL_HTTP_VERSION_2TLS
        case (.http2, false): CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        }
    }

    func set(_ outgoing: OutgoingRequest) {
        requestTarget.removeAll(keepingCapacity: true)
        outgoing.request.target.withBytes { bytes in
            for byte in bytes { requestTarget.append(CChar(bitPattern: byte)) }
        }
        requestTarget.append(0)
        requestTarget.withUnsafeBufferPointer {
            _ = sluice_easy_set_pointer(easy, CURLOPT_REQUEST_TARGET, $0.baseAddress)
        }

        var isChunked = false
        switch outgoing.body {
        case .none where method == .head:
            sluice_easy_set_long(easy, CURLOPT_NOBODY, 1)
        case .none where method == .post || method == .put || method == .patch:
            // These announce a body even when there is none: `Content-Length: 0` (RFC 9110 §8.6).
            setBody(UnsafeBufferPointer(start: nil, count: 0))
        case .none:
            sluice_easy_set_long(easy, CURLOPT_HTTPGET, 1)
        case .whole(let bytes):
            setBody(bytes)
        case .stream(let length):
            sluice_easy_set_pointer(easy, CURLOPT_POSTFIELDS, nil)
            sluice_easy_set_long(easy, CURLOPT_POST, 1)
            sluice_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(length ?? -1))
            isChunked = length == nil
            if isChunked { setTrailers() }
        }
        if !outgoing.request.methodBytes.elementsEqual(methodSet) || methodSet.isEmpty {
            methodSet = Array(outgoing.request.methodBytes)
            handle.set(CURLOPT_CUSTOMREQUEST, outgoing.request.methodName)
        }
        sluice_easy_set_pointer(
            easy, CURLOPT_HTTPHEADER, headerList.fill(outgoing.request, isChunked: isChunked))
        handle.clearError()
    }

    /// libcurl 7.88 forgets to begin anew with a handle that has sent a trailer section: the next chunked
    /// body would be written before its buffer. So the handle serves this one request only.
    func setTrailers() {
        isSpent = true
        sluice_easy_set_pointer(
            easy, CURLOPT_TRAILERDATA, Unmanaged.passUnretained(self).toOpaque())
        sluice_easy_set_trailer_function(easy) { list, me in
            list!.pointee = me!.curlTransfer.supplyTrailers()
            return CURL_TRAILERFUNC_OK
        }
    }

    func setBody(_ bytes: UnsafeBufferPointer<UInt8>) {
        sluice_easy_set_long(easy, CURLOPT_POST, 1)
        sluice_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        // libcurl reads from there until the transfer ends; without bytes any address will do.
        sluice_easy_set_pointer(
            easy, CURLOPT_POSTFIELDS, UnsafeRawPointer(bytes.baseAddress) ?? UnsafeRawPointer(easy))
    }

}
