import CCurl
import PluginAPI

/// Asks the admin listener of a running proxy, from a command. Blocks.
package struct AdminClient {
    private let handle: CurlHandle
    /// Where it is, as whoever asks calls it.
    private let address: String
    private let token: String?

    package struct Response {
        package let status: Int
        package let body: [UInt8]
    }

    /// There was no answer.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter token: what the listener wants to be shown; nil when nothing.
    package init(_ address: ListenAddress, token: String?) {
        let target: TargetAddress =
            switch address {
            case .tcp(let host, let address, let port):
                // Whoever listens everywhere is reached at home.
                .tcp(
                    isSecure: false,
                    host: address.bits == 0 || address == IPAddress("0.0.0.0")
                        ? (address.isV4 ? "127.0.0.1" : "::1") : host, port: port)
            case .unix(let path): .unix(path: path)
            }
        self.init(target, named: address.description, token: token)
    }

    /// The same by a URL, as from another machine.
    package init(_ target: TargetAddress, token: String?) {
        self.init(target, named: target.description, token: token)
    }

    private init(_ target: TargetAddress, named address: String, token: String?) {
        self.address = address
        self.token = token
        handle = CurlHandle(Target(target, weight: 1, connectTimeout: .seconds(5)))
    }

    /// - Parameter path: with the query: `/requests?limit=10`.
    package func ask(_ method: String, _ path: String) throws(Failure) -> Response {
        var body: [UInt8] = []
        var fields: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(fields) }
        if let token { fields = curl_slist_append(fields, "authorization: Bearer \(token)") }
        handle.set(CURLOPT_HTTPHEADER, UnsafeRawPointer(fields))
        handle.set(CURLOPT_CUSTOMREQUEST, method)
        handle.set(CURLOPT_REQUEST_TARGET, path)
        handle.set(CURLOPT_TIMEOUT_MS, 60_000)
        sluice_easy_set_data_function(handle.easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, body in
            let body = body!.assumingMemoryBound(to: [UInt8].self)
            body.pointee += UnsafeRawBufferPointer(start: bytes, count: count)
            return count
        }
        let result = withUnsafeMutablePointer(to: &body) { pointer in
            handle.set(CURLOPT_WRITEDATA, UnsafeRawPointer(pointer))
            return curl_easy_perform(handle.easy)
        }
        guard result == CURLE_OK else {
            throw Failure(
                description:
                    "no answer from the admin listener at \(address): \(handle.describe(result)); is sluice running there?"
            )
        }
        var status = 0
        sluice_easy_get_long(handle.easy, CURLINFO_RESPONSE_CODE, &status)
        return Response(status: status, body: body)
    }
}
