import CCurl

/// The admin listener of a running proxy.
package struct AdminListener {
    /// Of the page of requests.
    package let url: String
    private let socketPath: String?
    private let token: String?

    private static let largestPage = 256 << 20

    /// - Parameters:
    ///   - address: `http://127.0.0.1:9901`, `127.0.0.1:9901` or `unix:/run/sluice/admin.sock`.
    ///   - token: sent as a bearer token (RFC 6750 §2.1).
    package init(_ address: String, token: String?) {
        self.token = token
        if address.hasPrefix("unix:") {
            socketPath = String(address.dropFirst(5))
            url = "http://localhost/requests"
        } else {
            socketPath = nil
            let base = address.contains("://") ? address : "http://" + address
            url = (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/requests"
        }
    }

    /// Asks for the page of requests.
    package func requests() throws(InputFailure) -> [UInt8] {
        guard let transfer = curl_easy_init() else {
            throw InputFailure("\(url): libcurl cannot be used")
        }
        defer { curl_easy_cleanup(transfer) }
        let page = Page(limit: Self.largestPage)
        var fields: UnsafeMutablePointer<curl_slist>?
        if let token { fields = curl_slist_append(nil, "Authorization: Bearer \(token)") }
        defer { curl_slist_free_all(fields) }
        configure(transfer)
        _ = sluice_easy_set_pointer(transfer, CURLOPT_HTTPHEADER, fields)
        _ = sluice_easy_set_data_function(transfer, CURLOPT_WRITEFUNCTION) {
            bytes, _, count, page in
            guard let bytes, let page else { return 0 }
            return Unmanaged<Page>.fromOpaque(page).takeUnretainedValue().append(bytes, count)
        }
        _ = sluice_easy_set_pointer(
            transfer, CURLOPT_WRITEDATA, Unmanaged.passUnretained(page).toOpaque())
        let code = withExtendedLifetime(page) { curl_easy_perform(transfer) }
        guard code == CURLE_OK else {
            throw InputFailure("\(url): \(String(cString: curl_easy_strerror(code)))")
        }
        var status = 0
        _ = sluice_easy_get_long(transfer, CURLINFO_RESPONSE_CODE, &status)
        guard status == 200 else { throw InputFailure("\(url): \(Self.words(for: status))") }
        return page.bytes
    }

    private func configure(_ transfer: UnsafeMutableRawPointer) {
        func set(_ option: CURLoption, _ text: String) {
            _ = text.withCString { sluice_easy_set_pointer(transfer, option, $0) }
        }
        set(CURLOPT_URL, url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // A listener on loopback is not behind the proxies of the environment.
        set(CURLOPT_PROXY, "")
        if let socketPath { set(CURLOPT_UNIX_SOCKET_PATH, socketPath) }
        _ = sluice_easy_set_long(transfer, CURLOPT_NOSIGNAL, 1)
        _ = sluice_easy_set_long(transfer, CURLOPT_CONNECTTIMEOUT_MS, 5000)
        _ = sluice_easy_set_long(transfer, CURLOPT_TIMEOUT_MS, 30_000)
    }

    private static func words(for status: Int) -> String {
        switch status {
        case 401, 403:
            "the answer is \(status): give the listener's token, by --token-file or SLUICE_ADMIN_TOKEN"
        case 404:
            "the answer is 404: expected the admin listener of a proxy that has this page"
        default: "expected status 200, found \(status)"
        }
    }

    /// What has come of the page.
    private final class Page {
        private(set) var bytes: [UInt8] = []
        private let limit: Int

        init(limit: Int) { self.limit = limit }

        /// - Returns: how many bytes were taken; libcurl ends the transfer when it is not all.
        func append(_ start: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
            guard bytes.count + count <= limit else { return 0 }
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
            return count
        }
    }
}
