import CCurl
import PluginAPI

/// One libcurl easy handle, used for one transfer after another to the same target.
///
/// The handle's options are set once for the target; a request changes only what is its own.
final class CurlTransfer: Transfer {
    let target: Target
    private unowned let transport: CurlTransport
    private let easy: UnsafeMutableRawPointer
    private let address: OpaquePointer

    fileprivate var receiver: (any TransferReceiver)?
    private var headerList = CurlHeaderList()
    private var head = ByteBuffer()
    private var parser = ResponseParser(acceptsHTTP2StatusLine: true)
    private var stage = Stage.idle
    private var method = Method.get
    /// The method that the handle was last told.
    private var methodSet: [UInt8] = []
    private var requestTarget: [CChar] = []
    private var connections = 0
    /// The request is to go out once more, on a new connection.
    private var startsAgain = false
    private var isFresh = false
    private var hasTakenBody = false
    private var trailers: Headers?
    private var failure: TransferError?
    private var isReceivingPaused = false
    private var answerIsComplete = false
    private var hasBody = false
    /// Over HTTP/2 a socket tells nothing of one transfer.
    private var isHTTP2 = false
    private(set) var isSendingPaused = false
    private var mayResume = false
    private var isNoted = false
    /// The handle must not be used again.
    private var isSpent = false
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    private enum Stage {
        case idle
        /// Noted, to be given to libcurl at the turn's end.
        case starting
        /// Cancelled before that.
        case dropped
        case head
        case body
        /// Cancelled: to be taken from libcurl at the turn's end.
        case cancelled
    }

    init(_ target: Target, _ transport: CurlTransport) {
        self.target = target
        self.transport = transport
        easy = curl_easy_init()
        address = curl_url()
        configure()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_url_cleanup(address)
        errorText.deallocate()
    }

    /// Nil for a handle of libcurl's own, with which it closes connections.
    static func of(_ easy: UnsafeMutableRawPointer) -> CurlTransfer? {
        var owner: UnsafeMutableRawPointer?
        sluice_easy_get_pointer(easy, CURLINFO_PRIVATE, &owner)
        return owner?.curlTransfer
    }

    // MARK: - Transfer

    func start(_ outgoing: OutgoingRequest, _ receiver: any TransferReceiver) {
        self.receiver = receiver
        stage = .starting
        method = outgoing.request.method
        connections = 0
        startsAgain = false
        hasTakenBody = false
        setFresh(false)
        failure = nil
        trailers = nil
        isReceivingPaused = false
        isSendingPaused = false
        answerIsComplete = false
        if case .none = outgoing.body { hasBody = false } else { hasBody = true }
        head.removeAll()
        set(outgoing)
        note()
    }

    func bodyAvailable() {
        guard isSendingPaused else { return }
        isSendingPaused = false
        mayResume = true
        note()
    }

    func resume() {
        guard isReceivingPaused else { return }
        isReceivingPaused = false
        mayResume = true
        note()
    }

    func cancel() {
        switch stage {
        case .starting: stage = .dropped
        case .head, .body: stage = .cancelled
        case .idle, .dropped, .cancelled: return
        }
        receiver = nil
        note()
    }

    /// Whether it was cancelled in a call to the receiver: then libcurl must stop at once, before it reads
    /// more of a request that may be gone.
    private var isCancelled: Bool { receiver == nil }

    /// libcurl has stopped reading from the connection though nobody paused it: the answer is whole, and
    /// only the request is not. Waiting for the rest of it, which may never come, serves nobody.
    func stoppedReading() {
        if stage == .body, !isReceivingPaused, !isHTTP2 { answerHasEnded() }
    }

    /// Whether a connection that libcurl does not watch any more is one between two requests, and not one
    /// of a transfer that is paused.
    var leavesConnectionIdle: Bool { !isHTTP2 && !isReceivingPaused && !isSendingPaused }

    private func answerHasEnded() {
        answerIsComplete = true
        note()
    }

    /// The upstream closed while this transfer waits for more of the request's body. libcurl looks at
    /// the end of the answer only when it has sent everything, which may be never.
    func upstreamHasClosed() {
        guard stage == .head || stage == .body else { return }
        failure = TransferError(.broken, "the connection closed before the request was sent")
        bodyAvailable()
    }

    private func note() {
        guard !isNoted else { return }
        isNoted = true
        transport.multi.note(self)
    }

    /// Does what was noted; outside libcurl's callbacks.
    func carryOut(_ multi: UnsafeMutableRawPointer) {
        isNoted = false
        switch stage {
        case .starting:
            stage = .head
            curl_multi_add_handle(multi, easy)
        case .cancelled:
            curl_multi_remove_handle(multi, easy)
            end()
        case .dropped:
            end()
        case .idle:
            // It has ended since.
            break
        case .head, .body:
            if answerIsComplete { return finished(CURLE_OK, multi) }
            guard mayResume else { return }
            mayResume = false
            let mask =
                (isReceivingPaused ? CURLPAUSE_RECV : 0) | (isSendingPaused ? CURLPAUSE_SEND : 0)
            curl_easy_pause(easy, mask)
        }
    }

    /// libcurl is done with it.
    func finished(_ code: CURLcode, _ multi: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, easy)
        if startsAgain, receiver != nil { return startAgain() }
        let receiver = receiver
        let hasHead = stage == .body
        // In the body's stage these are the lines of the trailer section, which libcurl hands over
        // without the empty one at its end.
        if hasHead, !head.isEmpty, code == CURLE_OK { readTrailers() }
        let trailers = trailers
        let failure = failure ?? (code == CURLE_OK ? nil : describe(code))
        end()
        guard let receiver else { return }
        if let failure {
            receiver.transferFailed(failure)
        } else if !hasHead {
            receiver.transferFailed(
                TransferError(.broken, "the connection closed before an answer"))
        } else {
            receiver.transferEnded(trailers: trailers)
        }
    }

    private func startAgain() {
        startsAgain = false
        connections = 0
        setFresh(true)
        stage = .starting
        note()
    }

    private func setFresh(_ fresh: Bool) {
        guard fresh != isFresh else { return }
        isFresh = fresh
        sluice_easy_set_long(easy, CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
    }

    private func end() {
        stage = .idle
        receiver = nil
        mayResume = false
        if !isSpent { transport.recycle(self) }
    }

    private func describe(_ code: CURLcode) -> TransferError {
        let text =
            errorText[0] == 0
            ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            return TransferError(.unreachable, text)
        case CURLE_OPERATION_TIMEDOUT:
            // The only time limit that libcurl is given is the one for connecting.
            return TransferError(.connectTimeout, text)
        default:
            return TransferError(.broken, text)
        }
    }

    // MARK: - Options

    private func configure() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        setAddress()
        sluice_easy_set_pointer(easy, CURLOPT_PRIVATE, me)
        sluice_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        sluice_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROXY, "")
        sluice_easy_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        sluice_easy_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0)
        sluice_easy_set_long(easy, CURLOPT_BUFFERSIZE, 16384)
        sluice_easy_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        sluice_easy_set_long(
            easy, CURLOPT_CONNECTTIMEOUT_MS, Int(target.connectTimeout.nanoseconds / 1_000_000))
        sluice_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, target.tls.verify ? 1 : 0)
        sluice_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, target.tls.verify ? 2 : 0)
        if let file = target.tls.caFile { set(CURLOPT_CAINFO, file) }
        sluice_easy_set_long(easy, CURLOPT_HTTP_VERSION, version)
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

    private func setAddress() {
        var (scheme, host, port) = ("http", "localhost", UInt16(80))
        switch target.address {
        case .unix(let path): set(CURLOPT_UNIX_SOCKET_PATH, path)
        case .tcp(let isSecure, let name, let number):
            scheme = isSecure ? "https" : "http"
            host = name.contains(":") ? "[\(name)]" : name
            port = number
        }
        curl_url_set(address, CURLUPART_SCHEME, scheme, 0)
        curl_url_set(address, CURLUPART_HOST, host, 0)
        curl_url_set(address, CURLUPART_PORT, String(port), 0)
        curl_url_set(address, CURLUPART_PATH, "/", 0)
        sluice_easy_set_pointer(easy, CURLOPT_CURLU, UnsafeRawPointer(address))
    }

    private var version: Int {
        switch (target.version, target.isSecure) {
        case (.http1, _), (.auto, false): CURL_HTTP_VERSION_1_1
        case (.auto, true), (.http2, true): CURL_HTTP_VERSION_2TLS
        case (.http2, false): CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        }
    }

    private func set(_ option: CURLoption, _ text: String) {
        text.withCString { _ = sluice_easy_set_pointer(easy, option, $0) }
    }

    private func set(_ outgoing: OutgoingRequest) {
        requestTarget.removeAll(keepingCapacity: true)
        outgoing.target.withBytes { bytes in
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
            set(CURLOPT_CUSTOMREQUEST, outgoing.request.methodName)
        }
        sluice_easy_set_pointer(
            easy, CURLOPT_HTTPHEADER, headerList.fill(outgoing.request, isChunked: isChunked))
        errorText[0] = 0
    }

    /// libcurl 7.88 forgets to begin anew with a handle that has sent a trailer section: the next chunked
    /// body would be written before its buffer. So the handle serves this one request only.
    private func setTrailers() {
        isSpent = true
        sluice_easy_set_pointer(
            easy, CURLOPT_TRAILERDATA, Unmanaged.passUnretained(self).toOpaque())
        sluice_easy_set_trailer_function(easy) { list, me in
            list!.pointee = me!.curlTransfer.supplyTrailers()
            return CURL_TRAILERFUNC_OK
        }
    }

    private func setBody(_ bytes: UnsafeBufferPointer<UInt8>) {
        sluice_easy_set_long(easy, CURLOPT_POST, 1)
        sluice_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        // libcurl reads from there until the transfer ends; without bytes any address will do.
        sluice_easy_set_pointer(
            easy, CURLOPT_POSTFIELDS, UnsafeRawPointer(bytes.baseAddress) ?? UnsafeRawPointer(easy))
    }

    // MARK: - libcurl's callbacks

    fileprivate func openSocket(_ address: curl_sockaddr) -> Int32 {
        transport.multi.opening(address, to: target)
    }

    /// The request is about to be written to a connection. libcurl writes it again, on another
    /// connection, when a kept-alive one ended without a byte of an answer; the upstream may have
    /// acted on it all the same, so only a request that may be repeated gets that second chance
    /// (RFC 9110 §9.2.2), and on a new connection, because the other kept ones may be gone as well.
    fileprivate func connected() -> Int32 {
        connections += 1
        guard connections > 1 else { return CURL_PREREQFUNC_OK }
        if method.isIdempotent, !hasTakenBody {
            startsAgain = true
        } else {
            failure = TransferError(
                .broken,
                "the kept-alive connection closed before an answer, and the request must not be sent twice"
            )
        }
        return CURL_PREREQFUNC_ABORT
    }

    fileprivate func receiveHeadLine(_ line: UnsafeRawBufferPointer) -> Int {
        guard let receiver else { return -1 }
        head.append(line.assumingMemoryBound(to: UInt8.self))
        // libcurl takes other ends of a head than CR LF; the parser is to see and refuse them.
        let isEnd = stage == .head && (line.first == 0x0D || line.first == 0x0A)
        guard isEnd else {
            // What libcurl accepts without end would otherwise be kept here.
            return head.count <= Self.limits.headers
                ? line.count
                : refuse("the answer's head is longer than \(Self.limits.headers) bytes")
        }
        receiver.incoming.reset()
        parser.reset()
        isHTTP2 = head.readable.count > 5 && head.readable[5] >= UInt8(ascii: "2")
        switch parser.parse(
            head.readable, into: receiver.incoming, method: method, limits: Self.limits)
        {
        case .head(_):
            break
        case .incomplete:
            return refuse("the answer's head is not complete")
        case .invalid(let error):
            return refuse("the answer's head is not valid: \(error.message)")
        }
        head.removeAll()
        switch receiver.incoming.status {
        case 101: return refuse("the upstream switched protocols without being asked")
        case 100..<200: receiver.transferInformational()
        default:
            stage = .body
            receiver.transferHead()
            // libcurl does not know that the answer to a HEAD with a body has none itself.
            if method == .head, hasBody { answerHasEnded() }
        }
        return isCancelled ? -1 : line.count
    }

    private func readTrailers() {
        // libcurl has taken the chunks apart; a last chunk put before the lines makes them a trailer
        // section again, which the one decoder reads.
        var section = ByteBuffer()
        section.append("0\r\n")
        section.append(head.readable)
        section.append("\r\n")
        let fields = Headers()
        var decoder = BodyDecoder(.chunked)
        if case .end = decoder.decode(section.readable, trailers: fields) {
            trailers = fields
        } else {
            failure = TransferError(.broken, "the answer's trailers are not valid")
        }
    }

    private func refuse(_ detail: String) -> Int {
        failure = TransferError(.broken, detail)
        return -1
    }

    private static let limits = HeadLimits(
        requestLine: 8192, headers: 256 * 1024, headerCount: 1000)

    fileprivate func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let receiver else { return 0 }
        guard stage == .body else {
            _ = refuse("the answer has a body before its head has ended")
            return 0
        }
        if receiver.transferBody(bytes.assumingMemoryBound(to: UInt8.self)) {
            return isCancelled ? 0 : bytes.count
        }
        isReceivingPaused = true
        return Int(CURL_WRITEFUNC_PAUSE)
    }

    fileprivate func supplyBody(_ space: UnsafeMutableRawBufferPointer) -> Int {
        guard let receiver, failure == nil else { return Int(CURL_READFUNC_ABORT) }
        switch receiver.takeBody(into: space) {
        case .bytes(let count):
            hasTakenBody = true
            return count
        case .ended: return 0
        case .broken: return Int(CURL_READFUNC_ABORT)
        case .later:
            isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        }
    }
}

extension CurlTransfer {
    /// The fields behind a chunked request body, as a list that libcurl frees.
    fileprivate func supplyTrailers() -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        receiver?.requestTrailers.forEach { name, value in
            list = curl_slist_append(list, "\(name): \(value)")
        }
        return list
    }
}

extension UnsafeMutableRawPointer {
    /// The transfer, as libcurl's callbacks bring it. It is kept alive while libcurl has its handle.
    fileprivate var curlTransfer: CurlTransfer {
        Unmanaged<CurlTransfer>.fromOpaque(self).takeUnretainedValue()
    }
}
