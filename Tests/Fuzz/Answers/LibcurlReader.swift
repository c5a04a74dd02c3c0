import CCurl
import Glibc
import PluginAPI

/// Reads answers as libcurl does by itself, told what the transport of whole transfers tells it, and
/// with no code of the engine behind it.
final class LibcurlReader {
    private(set) var heard = HeardAnswer()
    private var code = CURLE_OK

    private let listener = PacketListener()
    private let multi: UnsafeMutableRawPointer
    private var easy: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    /// The connection that libcurl has made last, unless it is closed, and the server's end of it.
    private var client: Int32 = -1
    private var server: Int32?
    private var stage = Stage.statusLine
    private var isFinal = false
    private var hasAsked = false
    private var asksForHead = false

    private enum Stage { case statusLine, fields, body }

    init() {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        multi = curl_multi_init()
        easy = curl_easy_init()
        configure()
    }

    private func configure() {
        asksForHead = false
        let me = Unmanaged.passUnretained(self).toOpaque()
        sluice_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        sluice_easy_set_pointer(easy, CURLOPT_URL, "http://127.0.0.1/")
        sluice_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
        sluice_easy_set_pointer(easy, CURLOPT_PROXY, "")
        sluice_easy_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        sluice_easy_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0)
        sluice_easy_set_long(easy, CURLOPT_BUFFERSIZE, 16384)
        sluice_easy_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)

        sluice_easy_set_pointer(easy, CURLOPT_HEADERDATA, me)
        sluice_easy_set_data_function(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, me in
            LibcurlReader.of(me).takeLine(bytes!.run(size * count))
            return size * count
        }
        sluice_easy_set_pointer(easy, CURLOPT_WRITEDATA, me)
        sluice_easy_set_data_function(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, me in
            LibcurlReader.of(me).heard.body.append(contentsOf: bytes!.run(size * count))
            return size * count
        }
        sluice_easy_set_pointer(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, listener.name)
        sluice_easy_set_pointer(easy, CURLOPT_OPENSOCKETDATA, me)
        sluice_easy_set_open_function(easy) { me, _, _ in
            let reader = LibcurlReader.of(me)
            reader.endConnection()
            reader.client = PacketListener.socket()
            return reader.client
        }
        // A kept connection that ends without an answer makes libcurl send the request once more.
        sluice_easy_set_pointer(easy, CURLOPT_PREREQDATA, me)
        sluice_easy_set_prereq_function(easy) { me, _, _, _, _ in
            let reader = LibcurlReader.of(me)
            defer { reader.hasAsked = true }
            return reader.hasAsked ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK
        }
        sluice_easy_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, me)
        sluice_easy_set_close_function(easy) { me, descriptor in
            LibcurlReader.of(me).close(descriptor)
        }
    }

    private static func of(_ me: UnsafeMutableRawPointer?) -> LibcurlReader {
        Unmanaged<LibcurlReader>.fromOpaque(me!).takeUnretainedValue()
    }

    private func close(_ descriptor: Int32) -> Int32 {
        // It may be an earlier one, which is closed when the next one is there already.
        if descriptor == client {
            if let server { Glibc.close(server) }
            server = nil
            client = -1
        }
        return Glibc.close(descriptor)
    }

    /// What libcurl says of the failure.
    var complaint: String {
        code == CURLE_OK
            ? ""
            : errorText[0] == 0
                ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    }

    /// - Parameter isTogether: the end of the connection comes with the last piece.
    func read(_ answer: borrowing SpoiledAnswer, isTogether: Bool) {
        heard.removeAll()
        stage = .statusLine
        isFinal = false
        hasAsked = false
        code = CURLE_OK
        errorText[0] = 0
        // Before 8.1 a handle that has had an answer is not safe against the next one's folded lines.
        curl_easy_cleanup(easy)
        easy = curl_easy_init()
        configure()
        if asksForHead != answer.answersHead {
            asksForHead = answer.answersHead
            sluice_easy_set_long(easy, asksForHead ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1)
        }
        curl_multi_add_handle(multi, easy)
        var isRunning = perform()
        if server == nil { server = listener.accept() }
        guard isRunning, server != nil else { fatalError("libcurl did not begin: \(complaint)") }

        let bytes = answer.bytes
        var hasRest = false
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            for index in 0...answer.cuts.count {
                let end = index < answer.cuts.count ? answer.cuts[index] : bytes.count
                guard start < end else { continue }
                guard isRunning, let server else {
                    hasRest = true
                    break
                }
                let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
                guard PacketPair.send(piece, to: server) else { fatalError("no room to send") }
                if isTogether, index == answer.cuts.count { shutdown(server, Int32(SHUT_WR)) }
                isRunning = perform()
                start = end
            }
        }
        heard.endsBeforeClose = !isRunning && !isTogether
        if isRunning, let server { shutdown(server, Int32(SHUT_WR)) }
        var rounds = 0
        while isRunning {
            isRunning = perform()
            rounds += 1
            if rounds > 100 { fatalError("libcurl does not end: \(HeardAnswer.text(bytes))") }
        }
        curl_multi_remove_handle(multi, easy)
        heard.end = code == CURLE_OK && stage == .body ? .whole : .broken
        if server != nil {
            heard.keepsConnection = !hasRest && heard.endsBeforeClose
            PacketPair.drain(server!, space)
            // To libcurl it is dead then, when it looks at it for the next request.
            if !heard.keepsConnection || answer.closes { endConnection() }
        }
    }

    /// The connection is not to serve another request.
    func endConnection() {
        if let server { Glibc.close(server) }
        server = nil
    }

    /// - Returns: whether the transfer goes on.
    private func perform() -> Bool {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        if running > 0 { return true }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE { code = message.pointee.data.result }
        }
        return false
    }

    /// A line of a head, of its empty end too, or of the trailer section.
    private func takeLine(_ line: UnsafeBufferPointer<UInt8>) {
        var line = line
        while let last = line.last, last == 0x0A || last == 0x0D {
            line = UnsafeBufferPointer(rebasing: line.dropLast())
        }
        switch stage {
        case .statusLine:
            stage = .fields
            let digits = line.dropFirst(9).prefix(3)
            isFinal = digits.first != UInt8(ascii: "1")
            heard.addStatus(digits)
        case .fields where line.isEmpty: stage = isFinal ? .body : .statusLine
        case .fields: Self.addField(line, to: &heard.heads)
        case .body: Self.addField(line, to: &heard.trailers)
        }
    }

    private static func addField(_ line: UnsafeBufferPointer<UInt8>, to lines: inout [UInt8]) {
        let colon = line.firstIndex(of: 0x3A) ?? line.count
        var value = line.dropFirst(colon + 1)
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        HeardAnswer.addField(
            UnsafeBufferPointer(rebasing: line[..<colon]), UnsafeBufferPointer(rebasing: value),
            to: &lines)
    }
}

extension UnsafeMutablePointer<CChar> {
    fileprivate func run(_ count: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            start: UnsafeRawPointer(self).assumingMemoryBound(to: UInt8.self), count: count)
    }
}
