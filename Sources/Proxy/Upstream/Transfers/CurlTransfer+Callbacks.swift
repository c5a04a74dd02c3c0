import CCurl
import PluginAPI

/// What libcurl calls, from inside its own functions: nothing here may call the multi handle.
extension CurlTransfer {
    func openSocket(_ address: curl_sockaddr) -> Int32 {
        transport.multi.opening(address, to: target)
    }

    /// The request is about to be written to a connection. libcurl writes it again, on another
    /// connection, when a kept-alive one ended without a byte of an answer; the upstream may have
    /// acted on it all the same, so only a request that may be repeated gets that second chance
    /// (RFC 9110 §9.2.2), and on a new connection, because the other kept ones may be gone as well.
    func connected() -> Int32 {
        connections += 1
        if connections == 1 {
            receiver?.transferConnected()
            return CURL_PREREQFUNC_OK
        }
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

    func receiveHeadLine(_ line: UnsafeRawBufferPointer) -> Int {
        guard let receiver else { return -1 }
        head.append(line.assumingMemoryBound(to: UInt8.self))
        // libcurl takes other ends of a head than CR LF; the parser is to see and refuse them.
        let isEnd = stage == .head && (line.first == 0x0D || line.first == 0x0A)
        guard isEnd else {
            // What libcurl accepts without end would otherwise be kept here.
            return head.count <= HeadLimits.answer.headers
                ? line.count
                : refuse("the answer's head is longer than \(HeadLimits.answer.headers) bytes")
        }
        receiver.incoming.reset()
        parser.reset()
        isHTTP2 = head.readable.count > 5 && head.readable[5] >= UInt8(ascii: "2")
        if !isHTTP2 { pool.mayShareConnections = false }
        switch parser.parse(
            head.readable, into: receiver.incoming, method: method, limits: .answer)
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
            received(0)
        }
        return isCancelled ? -1 : line.count
    }

    func readTrailers() {
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

    func refuse(_ detail: String) -> Int {
        failure = TransferError(.broken, detail)
        return -1
    }

    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let receiver else { return 0 }
        guard stage == .body else {
            _ = refuse("the answer has a body before its head has ended")
            return 0
        }
        if receiver.transferBody(bytes.assumingMemoryBound(to: UInt8.self)) {
            received(bytes.count)
            return isCancelled ? 0 : bytes.count
        }
        isReceivingPaused = true
        return Int(CURL_WRITEFUNC_PAUSE)
    }

    /// While the request waits for its client, libcurl would wait with it though the answer is whole.
    private func received(_ count: Int) {
        bytesReceived += count
        if isSendingPaused, hasAllThatWasAnnounced { answerHasEnded() }
    }

    func supplyBody(_ space: UnsafeMutableRawBufferPointer) -> Int {
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

    /// The fields behind a chunked request body, as a list that libcurl frees.
    func supplyTrailers() -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        receiver?.requestTrailers.forEach { name, value in
            list = curl_slist_append(list, "\(name): \(value)")
        }
        return list
    }
}

extension UnsafeMutableRawPointer {
    /// The transfer, as libcurl's callbacks bring it. It is kept alive while libcurl has its handle.
    var curlTransfer: CurlTransfer {
        Unmanaged<CurlTransfer>.fromOpaque(self).takeUnretainedValue()
    }
}
