/// Why the server could not be made. The description is for the person who gave the address.
public struct DemoServerError: Error, CustomStringConvertible {
    public let description: String

    static func malformed(_ text: String) -> DemoServerError {
        DemoServerError(
            description: """
                listen: expected HOST:PORT such as "127.0.0.1:9000" or "[::1]:0", found "\(text)"
                """)
    }

    static func refused(_ address: ListenAddress, _ reason: String) -> DemoServerError {
        DemoServerError(
            description: """
                listen: cannot listen on \(address.host) port \(address.port): \(reason); \
                choose another address, or port 0 for any free one
                """)
    }
}
