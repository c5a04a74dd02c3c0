import CCurl
import Glibc

/// A libcurl handle that makes connections to one target: it resolves the name, connects, and does TLS.
///
/// A plain connection is taken from it as a socket, and the handle makes the next one. One with TLS it
/// has to carry, so it stays with that connection.
final class ConnectHandle {
    private let handle: CurlHandle
    private let connector: Connector
    private let isSecure: Bool
    /// Who waits for the connection. Kept, and keeps the handle, until there is one or there will be none.
    private var waiter: ConnectionTransfer?

    private var easy: UnsafeMutableRawPointer { handle.easy }

    init(_ target: Target, _ connector: Connector) {
        self.connector = connector
        isSecure = target.isSecure
        handle = CurlHandle(target)
        handle.set(CURLOPT_CONNECT_ONLY, 1)
        if isSecure { handle.keepConnectionApart() }
        // What is offered by ALPN.
        handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        handle.set(CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
        handle.set(CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(connector).toOpaque())
        sluice_easy_set_close_function(easy) { connector, descriptor in
            Unmanaged<Connector>.fromOpaque(connector!).takeUnretainedValue().closing(descriptor)
        }
    }

    static func of(_ easy: UnsafeMutableRawPointer) -> ConnectHandle {
        var owner: UnsafeMutableRawPointer?
        sluice_easy_get_pointer(easy, CURLINFO_PRIVATE, &owner)
        return Unmanaged<ConnectHandle>.fromOpaque(owner!).takeUnretainedValue()
    }

    // MARK: - Connecting

    /// Begins. The waiter hears of the end, unless it closes the handle before.
    func connect(_ waiter: ConnectionTransfer) {
        self.waiter = waiter
        handle.clearError()
        connector.add(easy)
    }

    /// Ends the connection, or the attempt to make one.
    func close() {
        waiter = nil
        connector.remove(easy)
    }

    func finished(_ code: CURLcode) {
        // Nobody waits for one that carries a connection.
        guard let waiter else { return }
        self.waiter = nil
        guard code == CURLE_OK else {
            connector.remove(easy)
            // The only time limit that libcurl is given is the one for connecting.
            let kind: TransferError.Kind =
                code == CURLE_OPERATION_TIMEDOUT ? .connectTimeout : .unreachable
            return waiter.connectingFailed(TransferError(kind, handle.describe(code)))
        }
        var descriptor = curl_socket_t(-1)
        sluice_easy_get_socket(easy, CURLINFO_ACTIVESOCKET, &descriptor)
        if !isSecure {
            // libcurl closes its own when the handle is taken out.
            descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            connector.remove(easy)
        }
        guard descriptor >= 0 else {
            if isSecure { connector.remove(easy) }
            return waiter.connectingFailed(
                TransferError(.unreachable, "there is no descriptor for the connection"))
        }
        waiter.connected(descriptor)
    }

    // MARK: - The connection that it carries

    /// - Returns: CURLE_AGAIN when nothing can be sent now. The same bytes have to be offered again then,
    ///   from the same place: the first ones are encrypted already.
    func send(_ bytes: UnsafeBufferPointer<UInt8>, _ sent: inout Int) -> CURLcode {
        curl_easy_send(easy, bytes.baseAddress, bytes.count, &sent)
    }

    /// - Returns: CURLE_AGAIN when there is nothing now; `received` is 0 at the end.
    func receive(_ space: UnsafeMutableRawBufferPointer, _ received: inout Int) -> CURLcode {
        curl_easy_recv(easy, space.baseAddress, space.count, &received)
    }
}
