/// Where the server listens: `HOST:PORT`, with an IPv6 host in brackets (`[::1]:9000`).
struct ListenAddress {
    let host: String
    let port: UInt16

    init(_ text: String) throws(DemoServerError) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { throw DemoServerError.malformed(text) }

        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw DemoServerError.malformed(text)
        }
        guard !host.isEmpty else { throw DemoServerError.malformed(text) }

        self.host = String(host)
        self.port = port
    }
}
