import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// One hop as a generator makes it: what is written, and which address that is.
private struct Hop {
    let text: String
    /// Nil when malformed.
    let address: IPAddress?
    var isEmpty = false
}

@Suite("The walk to the client, against a reference that is too simple to be wrong")
struct ClientWalkPropertyTests {
    private static let trusted = NetworkSet(
        ["10.0.0.0/8", "2001:db8:ffff::/48"].compactMap { Network($0) })

    private static func hop(_ random: inout SplitMix64) -> Hop {
        let isTrusted = Int.random(in: 0..<3, using: &random) > 0
        let number = Int.random(in: 0..<256, using: &random)
        let port = Int.random(in: 0...65535, using: &random)
        let v4 = isTrusted ? "10.0.\(number).1" : "203.0.113.\(number)"
        let group = String(number, radix: 16)
        let v6 = isTrusted ? "2001:db8:ffff::\(group)" : "2001:db8:0:1::\(group)"
        let garbage = [
            "unknown", "_a", "1.2.3", "[::1", "::1::", "x", "1.2.3.4:99999", "[1.2.3.4]",
        ]
        return switch Int.random(in: 0..<24, using: &random) {
        case 0: Hop(text: garbage.randomElement(using: &random)!, address: nil)
        case 1: Hop(text: "", address: nil, isEmpty: true)
        case 2..<8: Hop(text: v4, address: IPAddress(v4))
        case 8..<12: Hop(text: "\(v4):\(port)", address: IPAddress(v4))
        case 12..<14: Hop(text: "::ffff:\(v4)", address: IPAddress(v4))
        case 14..<17: Hop(text: v6, address: IPAddress(v6))
        case 17..<20: Hop(text: "[\(v6)]", address: IPAddress(v6))
        default: Hop(text: "[\(v6)]:\(port)", address: IPAddress(v6))
        }
    }

    /// The hops that are established, the nearest first.
    private static func reference(_ hops: [Hop]) -> [IPAddress] {
        var found: [IPAddress] = []
        for hop in hops.reversed().prefix(100) where !hop.isEmpty {
            guard let address = hop.address else { break }
            found.append(address)
            if !trusted.contains(address) { break }
        }
        return found
    }

    /// Field lines that hold the elements, cut at random.
    private static func lines(
        _ elements: [String], _ name: String, _ random: inout SplitMix64
    ) -> Headers {
        let request = TestRequest(headers: ["accept": "*/*"]).exchange().request
        var line: [String] = []
        func end() {
            guard !line.isEmpty else { return }
            request.headers.append(HeaderName(name)!, line.joined(separator: ","))
            line = []
        }
        for element in elements {
            let spaces = ["", " ", "\t", "  "]
            line.append(
                spaces.randomElement(using: &random)! + element
                    + spaces.randomElement(using: &random)!)
            if Int.random(in: 0..<4, using: &random) == 0 { end() }
        }
        end()
        return request.headers
    }

    @Test("X-Forwarded-For", arguments: 0..<40)
    func addresses(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let walk = ClientWalk(header: "x-forwarded-for")
        for _ in 0..<200 {
            let count =
                Int.random(in: 0..<130, using: &random) % (Bool.random(using: &random) ? 8 : 130)
            let hops = (0..<count).map { _ in Self.hop(&random) }
            let headers = Self.lines(hops.map(\.text), "X-Forwarded-For", &random)
            let client = walk.client(in: headers, trusted: Self.trusted)
            #expect(client.hops == Self.reference(hops), "\(hops.map(\.text))")
        }
    }

    @Test("Forwarded", arguments: 0..<40)
    func forwarded(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let walk = ClientWalk(header: "forwarded")
        for _ in 0..<200 {
            let hops = (0..<Int.random(in: 0..<8, using: &random)).map { _ in Self.hop(&random) }
            let elements = hops.map { Self.element($0, &random) }
            let headers = Self.lines(elements, "Forwarded", &random)
            let client = walk.client(in: headers, trusted: Self.trusted)
            #expect(client.hops == Self.reference(hops), "\(elements)")
        }
    }

    /// The hop as an element of Forwarded, among other parameters, which may hold commas and quotes.
    private static func element(_ hop: Hop, _ random: inout SplitMix64) -> String {
        if hop.isEmpty { return "" }
        let isQuoted = hop.text.contains(":") || Bool.random(using: &random)
        let name = ["for", "For", "FOR"].randomElement(using: &random)!
        var parameters = [name + "=" + (isQuoted ? "\"\(hop.text)\"" : hop.text)]
        let others = [
            "proto=https", #"by="a, b""#, #"ext="\"""#, #"ext="\\""#, #"ext="for=1.1.1.1;,""#,
            #"ext="""#, #"host="h:1""#,
        ]
        for _ in 0..<Int.random(in: 0..<3, using: &random) {
            let other = others.randomElement(using: &random)!
            let isNew = !parameters.contains { $0.hasPrefix(other.prefix { $0 != "=" }) }
            if isNew {
                parameters.insert(
                    other, at: Int.random(in: 0...parameters.count, using: &random))
            }
        }
        return parameters.joined(separator: Bool.random(using: &random) ? ";" : "; ")
    }
}

extension ReportedClient {
    /// The nearest to us first.
    fileprivate var hops: [IPAddress] { proxies + [address].compactMap(\.self) }
}
