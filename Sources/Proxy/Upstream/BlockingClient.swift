import CCurl
import PluginAPI

/// Sends requests to one target and waits for each answer: for commands, and for threads of plugins' own. One
/// thread uses it at a time. Redirects are not followed.
package final class BlockingClient {
    private let handle: CurlHandle
    /// What is posted to.
    private let target: String

    package struct Request {
        package var method: String
        /// With the query: `/requests?limit=10`.
        package var target: String
        package var fields: [(String, String)] = []
        /// Has to last until the answer is there.
        package var body: UnsafeBufferPointer<UInt8>?
        /// For everything, connecting included.
        package var timeout: Duration
        /// How much of the answer's body is kept, in bytes.
        package var bodyBound = Int.max
    }

    /// There was no answer.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What is received meanwhile.
    private final class Receiver {
        var body: [UInt8] = []
        var retryAfter: Int?
        let bound: Int

        init(bound: Int) { self.bound = bound }
    }

    private static let connectTimeout: Duration = .seconds(5)

    package init(_ address: TargetAddress, postingTo target: String = "/") {
        handle = CurlHandle(Target(address, weight: 1, connectTimeout: Self.connectTimeout))
        self.target = target
        sluice_easy_set_data_function(handle.easy, CURLOPT_WRITEFUNCTION) {
            bytes, _, count, receiver in
            let receiver = Unmanaged<Receiver>.fromOpaque(receiver!).takeUnretainedValue()
            let room = receiver.bound - receiver.body.count
            receiver.body += UnsafeRawBufferPointer(start: bytes, count: min(count, room))
            return count
        }
        sluice_easy_set_data_function(handle.easy, CURLOPT_HEADERFUNCTION) {
            bytes, _, count, receiver in
            let receiver = Unmanaged<Receiver>.fromOpaque(receiver!).takeUnretainedValue()
            let line = UnsafeRawBufferPointer(start: bytes, count: count)
            if let seconds = BlockingClient.retryAfter(line) { receiver.retryAfter = seconds }
            return count
        }
    }

    package func send(_ request: Request) throws(Failure) -> PostAnswer {
        var fields: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(fields) }
        // A server that does not answer "100 Continue" would cost a second.
        let own = [("expect", ""), ("user-agent", "sluice/\(Version.number)")]
        for (name, value) in own + request.fields {
            // libcurl's way to write a field without a value.
            fields = curl_slist_append(
                fields, value.isEmpty && name != "expect" ? "\(name);" : "\(name): \(value)")
        }
        handle.set(CURLOPT_HTTPHEADER, UnsafeRawPointer(fields))
        // Takes back what an earlier request had.
        handle.set(CURLOPT_HTTPGET, 1)
        if let body = request.body {
            handle.set(CURLOPT_POST, 1)
            handle.set(CURLOPT_POSTFIELDS, UnsafeRawPointer(body.baseAddress))
            sluice_easy_set_offset(
                handle.easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
        }
        handle.set(CURLOPT_CUSTOMREQUEST, request.method)
        handle.set(CURLOPT_REQUEST_TARGET, request.target)
        handle.set(CURLOPT_TIMEOUT_MS, max(1, Int(request.timeout.nanoseconds / 1_000_000)))
        handle.clearError()
        let receiver = Receiver(bound: request.bodyBound)
        let result = withExtendedLifetime(receiver) {
            let pointer = UnsafeRawPointer(Unmanaged.passUnretained(receiver).toOpaque())
            handle.set(CURLOPT_WRITEDATA, pointer)
            handle.set(CURLOPT_HEADERDATA, pointer)
            return curl_easy_perform(handle.easy)
        }
        guard result == CURLE_OK else { throw Failure(description: handle.describe(result)) }
        var status = 0
        sluice_easy_get_long(handle.easy, CURLINFO_RESPONSE_CODE, &status)
        return PostAnswer(
            status: status, retryAfter: receiver.retryAfter.map { .seconds($0) },
            body: receiver.body)
    }

    /// The seconds of a line `Retry-After: 30`; no more than an hour, and nil for other lines.
    private static func retryAfter(_ line: UnsafeRawBufferPointer) -> Int? {
        let text = String(decoding: line, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":"),
            text[..<colon].lowercased() == "retry-after",
            let seconds = Int(text[text.index(after: colon)...].filter { !$0.isWhitespace }),
            seconds >= 0
        else { return nil }
        return min(seconds, 3600)
    }
}

extension BlockingClient: PostClient {
    package convenience init(_ url: HTTPURL) {
        self.init(
            .tcp(isSecure: url.isSecure, host: url.host, port: url.port), postingTo: url.target)
    }

    package func post(
        _ body: UnsafeBufferPointer<UInt8>, fields: [(String, String)], timeout: Duration
    ) throws -> PostAnswer {
        try send(
            Request(
                method: "POST", target: target, fields: fields, body: body, timeout: timeout,
                bodyBound: 64 << 10))
    }
}
