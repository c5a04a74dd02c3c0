import Testing

@testable import Proxy

@Suite("Which transport serves a target", .timeLimit(.minutes(1)))
struct UpstreamTransportsTests {
    private func protocols(isSecure: Bool, _ listen: String, _ versions: [UpstreamHTTPVersion])
        throws -> [String]
    {
        let nginx = try Nginx(Nginx.Server(listen, "location / { return 200 $server_protocol; }"))
        let loop = try RunningLoop { UpstreamTransports(loop: $0) }
        return try versions.map { version in
            let target = try nginx.target(isSecure: isSecure, version: version)
            #expect(try loop.send(to: target).status == 200)
            let text = try loop.send(to: target).text
            try loop.perform { loop.transport.retire(target) }
            return text
        }
    }

    @Test("with TLS, what both sides can is spoken unless the operator says otherwise")
    func secure() throws {
        #expect(
            try protocols(isSecure: true, "ssl http2", [.auto, .http1, .http2])
                == ["HTTP/2.0", "HTTP/1.1", "HTTP/2.0"])
        #expect(try protocols(isSecure: true, "ssl", [.auto]) == ["HTTP/1.1"])
    }

    @Test("without TLS it is HTTP/1.1 unless the operator says otherwise")
    func plain() throws {
        #expect(try protocols(isSecure: false, "", [.auto, .http1]) == ["HTTP/1.1", "HTTP/1.1"])
        #expect(try protocols(isSecure: false, "http2", [.http2]) == ["HTTP/2.0"])
    }

    @Test("idle connections to a target that is gone are closed, whoever made them")
    func retired() throws {
        let loop = try RunningLoop { UpstreamTransports(loop: $0) }
        for isSecure in [false, true] {
            let nginx = try Nginx(Nginx.Server(isSecure ? "ssl" : "", "return 200 hello;"))
            let target = try nginx.target(isSecure: isSecure)
            #expect(try loop.send(to: target).text == "hello")
            #expect(try Descriptors.connected(to: nginx.ports[0]) == 1)
            try loop.perform { loop.transport.retire(target) }
            #expect(try Descriptors.areGone(to: nginx.ports[0], loop))
        }
    }
}
