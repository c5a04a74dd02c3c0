import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("Keys in random heads, against a reference that is too simple to be wrong")
struct KeyFieldsPropertyTests {
    private static let keys = ["k1", "k2", "sk-ü", "a=b,c"]
    private static let names = [
        "authorization", "Authorization", "x-api-key", "X-API-Key", "accept",
    ]

    private static func value() -> String {
        let key = (keys + ["nobody", "", "\u{0}", "Bearer"]).randomElement()!
        let spaces = ["", " ", "   ", "\t", " \t "].randomElement()!
        return switch Int.random(in: 0..<8) {
        case 0: key
        case 1: "Bearer" + spaces + key
        case 2: "bEaReR " + key + spaces
        case 3: spaces + "Bearer " + key
        case 4: "Basic " + key
        case 5: key + spaces + key
        case 6: String((0..<Int.random(in: 0..<12)).map { _ in "Bearer k1\t,=".randomElement()! })
        default: "Bearer " + key
        }
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        let head = text.drop(while: isSpace)
        return String(String(head.reversed()).drop(while: isSpace).reversed())
    }

    /// The key that a head shows; empty for none, nil where it must be refused.
    private static func reference(_ fields: [(name: String, value: String)]) -> String? {
        func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name }.map { trimmed($0.value) }
        }
        var shown: Set<String> = []
        let (authorization, own) = (values("authorization"), values("x-api-key"))
        if authorization.count > 1 || own.count > 1 { return nil }
        if let credentials = authorization.first, !credentials.isEmpty {
            let parts = credentials.split(separator: " ", maxSplits: 1)
            guard parts[0].lowercased() == "bearer" else { return nil }
            if parts.count > 1 { shown.insert(trimmed(String(parts[1]))) }
        }
        if let key = own.first { shown.insert(key) }
        shown.remove("")
        return shown.count > 1 ? nil : shown.first ?? ""
    }

    @Test("only a key that is known and the only one shown is an identity")
    func agrees() throws {
        let proxy = TestProxy()
        let listed = Self.keys.map {
            #"{ "hash": "\#(SHA256($0))", "identity": "\#(SHA256($0))" }"#
        }
        let plugin = try proxy.add(
            APIKeys.self,
            #"{ "anonymous": true, "keys": [\#(listed.joined(separator: ", "))] }"#)
        var counts = (known: 0, refused: 0, anonymous: 0)
        for _ in 0..<20_000 {
            let exchange = TestRequest().exchange()
            var fields: [(name: String, value: String)] = []
            for _ in 0..<Int.random(in: 0...3) {
                fields.append((Self.names.randomElement()!, Self.value()))
                let (name, value) = fields.last!
                exchange.request.headers.append(try #require(HeaderName(name)), value)
            }
            // A byte that HTTP forbids in a value has become a space.
            let read = fields.map { ($0.name, $0.value.replacing("\u{0}", with: " ")) }
            let decision = plugin.request(exchange)
            let identity = exchange[Facts.identity]
            switch Self.reference(read) {
            case ""?:
                #expect(decision.isProceed && identity == nil, "\(fields)")
                counts.anonymous += 1
            case let key? where Self.keys.contains(key):
                #expect(decision.isProceed && identity == "\(SHA256(key))", "\(fields)")
                #expect(!exchange.request.headers.contains("authorization"))
                #expect(!exchange.request.headers.contains("x-api-key"))
                counts.known += 1
            default:
                #expect(!decision.isProceed && identity == nil, "\(fields)")
                counts.refused += 1
            }
        }
        #expect(counts.known > 500 && counts.refused > 500 && counts.anonymous > 500, "\(counts)")
    }
}

extension Decision {
    fileprivate var isProceed: Bool { if case .proceed = self { true } else { false } }
}
