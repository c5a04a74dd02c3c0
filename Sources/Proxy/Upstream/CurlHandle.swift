import CCurl

/// A libcurl easy handle for one target, with what it is told of connecting there: that holds for all
/// its life, whatever the handle is used for.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    private let address: OpaquePointer
    private var share: UnsafeMutableRawPointer?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(_ target: Target) {
        easy = curl_easy_init()
        address = curl_url()
        setAddress(target.address)
        set(CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROXY, "")
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(target.connectTimeout.nanoseconds / 1_000_000))
        set(CURLOPT_SSL_VERIFYPEER, target.tls.verify ? 1 : 0)
        set(CURLOPT_SSL_VERIFYHOST, target.tls.verify ? 2 : 0)
        if let file = target.tls.caFile {
            // In place of the system's, which libcurl would also look through.
            set(CURLOPT_CAINFO, file)
            set(CURLOPT_CAPATH, nil as UnsafeRawPointer?)
        }
    }

    deinit {
        curl_easy_cleanup(easy)
        if let share { curl_share_cleanup(share) }
        curl_url_cleanup(address)
        errorText.deallocate()
    }

    /// Keeps the handle's connection in a place of its own. Otherwise it is kept with those of all other
    /// handles, where libcurl looks for it, one by one, whenever it sends or receives.
    func keepConnectionApart() {
        share = curl_share_init()
        sluice_share_set_data(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT)
        set(CURLOPT_SHARE, UnsafeRawPointer(share))
    }

    private func setAddress(_ target: TargetAddress) {
        var (scheme, host, port) = ("http", "localhost", UInt16(80))
        switch target {
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
        set(CURLOPT_CURLU, UnsafeRawPointer(address))
    }

    func set(_ option: CURLoption, _ value: Int) { sluice_easy_set_long(easy, option, value) }

    func set(_ option: CURLoption, _ pointer: UnsafeRawPointer?) {
        sluice_easy_set_pointer(easy, option, pointer)
    }

    func set(_ option: CURLoption, _ text: String) {
        text.withCString { _ = sluice_easy_set_pointer(easy, option, $0) }
    }

    /// Forgets what an earlier use has left to say.
    func clearError() { errorText[0] = 0 }

    /// What libcurl says of a failure, for a person.
    func describe(_ code: CURLcode) -> String {
        errorText[0] == 0
            ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    }
}
