import CCurl
import PluginAPI

/// One libcurl easy handle, used for one transfer after another to the same target.
///
/// This file holds its life; what the handle is told is in CurlTransfer+Options, what libcurl calls in
/// CurlTransfer+Callbacks.
///
/// The handle's options are set once for the target; a request changes only what is its own.
final class CurlTransfer: Transfer {
    let target: Target
    let pool: CurlTransferPool
    unowned let transport: CurlTransport
    let handle: CurlHandle
    var easy: UnsafeMutableRawPointer { handle.easy }

    var receiver: (any TransferReceiver)?
    var headerList = CurlHeaderList()
    var head = ByteBuffer()
    var parser = ResponseParser(acceptsHTTP2StatusLine: true)
    var stage = Stage.idle
    var method = Method.get
    /// The method that the handle was last told.
    var methodSet: [UInt8] = []
    var requestTarget: [CChar] = []
    var connections = 0
    /// The request is to go out once more, on a new connection.
    var startsAgain = false
    var isFresh = false
    var hasTakenBody = false
    var bytesReceived = 0
    var trailers: Headers?
    var failure: TransferError?
    var isReceivingPaused = false
    var answerIsComplete = false
    var hasClosedBehindPause = false
    var hasBody = false
    /// Over HTTP/2 a socket tells nothing of one transfer.
    var isHTTP2 = false
    var isSendingPaused = false
    var mayResume = false
    var isNoted = false
    /// The handle must not be used again.
    var isSpent = false

    enum Stage {
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

    init(_ pool: CurlTransferPool, _ transport: CurlTransport) {
        self.pool = pool
        target = pool.target
        self.transport = transport
        handle = CurlHandle(pool.target)
        configure()
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
        bytesReceived = 0
        setFresh(false)
        failure = nil
        trailers = nil
        isReceivingPaused = false
        isSendingPaused = false
        answerIsComplete = false
        hasClosedBehindPause = false
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
    var isCancelled: Bool { receiver == nil }

    /// libcurl has stopped reading from the connection though nobody paused it: the answer is whole, or
    /// the connection has ended. While the request still goes up libcurl would wait for the rest of it,
    /// which may never come.
    /// - Parameter atEnd: whether the upstream has closed.
    func stoppedReading(atEnd: @autoclosure () -> Bool) {
        guard stage == .body, hasBody, !isReceivingPaused, !isHTTP2 else { return }
        if hasAllThatWasAnnounced {
            answerHasEnded()
        } else if parser.framing == .chunked, !atEnd() {
            // Chunks are taken apart by libcurl, so their end shows only in that it reads no further.
            answerHasEnded()
        }
    }

    var hasAllThatWasAnnounced: Bool {
        switch parser.framing {
        case .none, .length(bytesReceived): true
        case .length, .chunked, .untilClose: false
        }
    }

    /// Whether a connection that libcurl does not watch any more is one between two requests, and not one
    /// of a transfer that is paused.
    var leavesConnectionIdle: Bool { !isHTTP2 && !isReceivingPaused && !isSendingPaused }

    func answerHasEnded() {
        answerIsComplete = true
        note()
    }

    /// The upstream closed while this transfer waits for more of the request's body. libcurl looks at
    /// the end of the answer only when it has sent everything, which may be never.
    func upstreamHasClosed() {
        guard stage == .head || stage == .body, !answerIsComplete else { return }
        if isReceivingPaused {
            hasClosedBehindPause = true
            return
        }
        if stage == .body, hasAllThatWasAnnounced || parser.framing == .untilClose {
            return answerHasEnded()
        }
        failure = TransferError(.broken, "the connection closed before the request was sent")
        bodyAvailable()
    }

    /// Makes libcurl write what waits to be written on the transfer's connection: pausing and going on
    /// does, and changes nothing else.
    func flushConnection() {
        guard stage == .head || stage == .body, !isReceivingPaused else { return }
        let sending = isSendingPaused ? CURLPAUSE_SEND : 0
        curl_easy_pause(easy, CURLPAUSE_RECV | sending)
        curl_easy_pause(easy, sending)
    }

    func note() {
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
            pool.flushCancelled(transport.multi)
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
            if hasClosedBehindPause, !isReceivingPaused { upstreamHasClosed() }
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
            pool.flushCancelled(transport.multi)
            receiver.transferFailed(failure)
        } else if !hasHead {
            receiver.transferFailed(
                TransferError(.broken, "the connection closed before an answer"))
        } else {
            receiver.transferEnded(trailers: trailers)
        }
    }

    func startAgain() {
        startsAgain = false
        connections = 0
        setFresh(true)
        stage = .starting
        note()
    }

    func setFresh(_ fresh: Bool) {
        guard fresh != isFresh else { return }
        isFresh = fresh
        sluice_easy_set_long(easy, CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
    }

    func end() {
        stage = .idle
        receiver = nil
        mayResume = false
        pool.giveBack(self, isReusable: !isSpent)
    }

    func describe(_ code: CURLcode) -> TransferError {
        let text = handle.describe(code)
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
}
