import PluginAPI
import Testing

@Suite("The fields that the engine knows")
struct FieldIDTests {
    static let names: [(String, FieldID)] = [
        ("Connection", .connection), ("Content-Length", .contentLength), ("Date", .date),
        ("Expect", .expect), ("Forwarded", .forwarded), ("Host", .host),
        ("Keep-Alive", .keepAlive), ("Proxy-Authenticate", .proxyAuthenticate),
        ("Proxy-Authorization", .proxyAuthorization), ("Proxy-Connection", .proxyConnection),
        ("TE", .te), ("Trailer", .trailer), ("Transfer-Encoding", .transferEncoding),
        ("Upgrade", .upgrade), ("Via", .via), ("X-Forwarded-For", .xForwardedFor),
        ("X-Forwarded-Host", .xForwardedHost), ("X-Forwarded-Proto", .xForwardedProto),
        ("X-Sluice-Explain", .xSluiceExplain),
    ]

    private func identify(_ name: String) -> FieldID {
        Array(name.utf8).withUnsafeBufferPointer { FieldID.identify($0) }
    }

    @Test("each is told by its name, in any case", arguments: names)
    func known(name: String, id: FieldID) {
        #expect(identify(name) == id)
        #expect(identify(name.lowercased()) == id)
        #expect(identify(name.uppercased()) == id)
    }

    @Test("a name that differs in one byte is another field", arguments: names)
    func near(name: String, id: FieldID) {
        for position in 0..<name.utf8.count {
            var bytes = Array(name.utf8)
            bytes[position] = UInt8(ascii: "_")
            #expect(identify(String(decoding: bytes, as: UTF8.self)) == .other)
        }
        #expect(identify(name + "s") == .other)
        #expect(identify(String(name.dropLast())) == .other)
    }

    @Test("every one but other has a name")
    func complete() {
        var id: UInt8 = 1
        while let known = FieldID(rawValue: id) {
            #expect(Self.names.contains { $0.1 == known })
            id += 1
        }
        #expect(Int(id) == Self.names.count + 1)
        #expect(identify("") == .other)
    }
}
