// Feeds random field lines to trusted-proxy, as Forwarded (RFC 7239), as X-Forwarded-For, and as a
// field of one address. It needs the modules PluginAPI and Plugins:
//
//     Tests/Fuzz/build ForwardedFuzz 60
//
// What must hold whatever a client sends: it changes nothing of what proxies in front add behind it,
// every hop between the client and us is trusted, and from an untrusted peer nothing goes further.

import PluginAPI
import Plugins

@testable import Proxy

private struct NoMetrics: Metrics {
    func counter(
        _ name: String, _ help: String, labels: [(String, String)], decimals: Int
    ) -> Counter {
        Counter()
    }

    func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {}
}

private let fields: [HeaderName] = ["forwarded", "x-forwarded-for", "x-real-ip"]
private let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].compactMap { Network($0) }
private let peer = IPAddress(v4: 0x0A00_0001)

private let plugins: [TrustedProxy] = fields.map { field in
    var configuration = TrustedProxy.Configuration()
    configuration.trusted = trusted.map { .network($0) }
    configuration.header = field
    let setup = Setup(
        label: "trusted-proxy", folder: "/", time: SystemTime(), log: .none, metrics: NoMetrics(),
        state: StateStore())
    do { return try TrustedProxy(configuration, setup) } catch { fatalError("\(error)") }
}

private func exchange(
    _ field: HeaderName, _ lines: [[UInt8]], from peer: IPAddress = peer
) -> Exchange {
    let exchange = Exchange()
    exchange.peer = .address(peer, port: 1)
    for line in lines {
        line.withUnsafeBufferPointer { exchange.request.headers.append(field, bytes: $0) }
    }
    return exchange
}

private func run(_ plugin: TrustedProxy, _ exchange: Exchange) -> Exchange {
    guard case .proceed = plugin.request(exchange) else { fatalError("trusted-proxy decided") }
    return exchange
}

/// The first byte chooses the field; lines end at line breaks.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzForwarded(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let choice = Int(start[0]) % fields.count
    let (field, plugin) = (fields[choice], plugins[choice])
    let lines = UnsafeBufferPointer(start: start + 1, count: count - 1)
        .split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)

    let found = run(plugin, exchange(field, lines))
    guard let client = found[Facts.clientAddress] else { fatalError("no client") }
    if let hops = found[Facts.forwardedFor]?.split(separator: ", ").map({ IPAddress($0) }) {
        precondition(hops.first == client, "the client is not the first hop")
        for hop in hops.dropFirst() {
            precondition(trusted.contains { $0.contains(hop!) }, "a hop behind it is not trusted")
        }
    } else {
        precondition(client == peer, "a client that no hop names")
    }

    let stranger = IPAddress(v4: 0xC000_0201)
    let dropped = run(plugin, exchange(field, lines, from: stranger))
    precondition(dropped.request.headers.count == 0, "a field of an untrusted peer goes further")
    precondition(dropped[Facts.clientAddress] == stranger, "an untrusted peer chose its address")

    if choice < 2 { addHops(plugin, field, lines) }
    return 0
}

/// What proxies add, to the last line or as a line of its own, gives the client.
private func addHops(_ plugin: TrustedProxy, _ field: HeaderName, _ lines: [[UInt8]]) {
    let isForwarded = field.string == "forwarded"
    let hops =
        isForwarded
        ? [
            "for=203.0.113.7", #"for="[2001:db8::7]:80";by="10.0.0.9""#,
            #"for=203.0.113.7, for="[2001:db8:ffff::1]""#,
        ] : ["203.0.113.7", "[2001:db8::7]:80", "203.0.113.7:1, 10.0.0.9"]
    for (added, address) in zip(hops, ["203.0.113.7", "2001:db8::7", "203.0.113.7"]) {
        var joined = lines
        joined[joined.count - 1] += Array(", \(added)".utf8)
        for attempt in [joined, lines + [Array(added.utf8)]] {
            let found = run(plugin, exchange(field, attempt))
            precondition(found[Facts.clientAddress] == IPAddress(address), "the client hid itself")
        }
    }
}
