import Glibc

/// A host's addresses, in numbers.
enum HostResolver {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The host itself, when it is an address; nil when it is a name. Asks nobody.
    static func address(_ host: String) -> String? {
        try? addresses(of: host, AI_NUMERICHOST).first
    }

    /// Asks the system's resolver, and blocks until it answers. At least one address.
    static func resolve(_ host: String) throws(Failure) -> [String] {
        try addresses(of: host, 0)
    }

    private static func addresses(of host: String, _ flags: Int32) throws(Failure) -> [String] {
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard result == 0 else { throw Failure(description: String(cString: gai_strerror(result))) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0,
                NI_NUMERICHOST) == 0
            {
                addresses.append(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
            }
            next = entry.ai_next
        }
        guard !addresses.isEmpty else { throw Failure(description: "it has no address") }
        return addresses
    }
}
