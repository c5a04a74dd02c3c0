import PluginAPI

/// Asks the admin listener of a running proxy, from a command. Blocks.
package struct AdminClient {
    private let client: BlockingClient
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
        client = BlockingClient(target)
    }

    /// - Parameter path: with the query: `/requests?limit=10`.
    package func ask(_ method: String, _ path: String) throws(Failure) -> Response {
        let fields = token.map { [("authorization", "Bearer \($0)")] } ?? []
        do throws(BlockingClient.Failure) {
            let answer = try client.send(
                .init(method: method, target: path, fields: fields, timeout: .seconds(60)))
            return Response(status: answer.status, body: answer.body)
        } catch {
            throw Failure(
                description:
                    "no answer from the admin listener at \(address): \(error); is sluice running there?"
            )
        }
    }
}
