import CSystem
import Glibc

/// Sockets of other processes that listen where this one does.
enum OtherListeners {
    /// How many there are at each address; addresses without one are left out.
    /// - Parameter own: how many this process has at each.
    static func counts(at addresses: [ListenAddress], own: Int) -> [ListenAddress: Int] {
        var counts: [ListenAddress: Int] = [:]
        for case .tcp(let host, let address, let port) in addresses {
            let all = sluice_count_listeners(address.isV4 ? AF_INET : AF_INET6, port)
            let others = Int(all) - own
            if others > 0 { counts[.tcp(host: host, address, port: port)] = others }
        }
        return counts
    }
}
