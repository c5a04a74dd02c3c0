import PluginAPI

/// Sockets of other processes that listen where this one does, as the kernel tells in /proc/net/tcp.
enum OtherListeners {
    /// How many there are at each address; addresses without one are left out.
    /// - Parameter own: how many this process has at each.
    static func counts(at addresses: [ListenAddress], own: Int) -> [ListenAddress: Int] {
        let ports = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap(listeningPorts)
        var counts: [ListenAddress: Int] = [:]
        for case .tcp(let host, let address, let port) in addresses {
            let others = ports.count { $0 == port } - own
            if others > 0 { counts[.tcp(host: host, address, port: port)] = others }
        }
        return counts
    }

    /// The port of each socket that listens.
    private static func listeningPorts(_ path: String) -> [UInt16] {
        guard case .success(let bytes) = FileContent.read(path, limit: 64 << 20) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).dropFirst().compactMap { line in
            // sl, local address and port, remote address and port, state (0A is LISTEN), …
            let columns = line.split(separator: UInt8(ascii: " "))
            guard columns.count > 3, columns[3].elementsEqual("0A".utf8),
                let colon = columns[1].lastIndex(of: UInt8(ascii: ":"))
            else { return nil }
            return UInt16(String(decoding: columns[1][(colon + 1)...], as: UTF8.self), radix: 16)
        }
    }
}
