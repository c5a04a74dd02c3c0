import Testing

@testable import Proxy

@Suite("The seam: TLS", .timeLimit(.minutes(5)))
struct TLSTests {
    private func nginx() throws -> Nginx {
        try Nginx(Nginx.Server("ssl", #"location / { return 200 "$scheme $server_protocol"; }"#))
    }

    @Test("an upstream that proves its name is spoken to", arguments: TransportKind.allCases)
    func trusted(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        for _ in 0..<3 { #expect(try loop.send(to: target).text == "https HTTP/1.1") }
    }

    @Test("a certificate that nobody has signed is none", arguments: TransportKind.allCases)
    func untrusted(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let loop = try RunningLoop(kind)
        for authority in [nil, Certificate.other] {
            let call = try loop.start(
                "POST /", [], .whole("secret"), to: nginx.target(caFile: authority))
            let error = try call.failure()
            #expect(error.kind == .unreachable && error.detail.lowercased().contains("certificate"))
        }
    }

    @Test("a certificate for another name is none", arguments: TransportKind.allCases)
    func wrongName(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: nginx.target(host: "localhost"))
        #expect(try call.failure().kind == .unreachable)
    }

    @Test("without verification every certificate will do", arguments: TransportKind.allCases)
    func unverified(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let loop = try RunningLoop(kind)
        for host in ["127.0.0.1", "localhost"] {
            let target = try nginx.target(host: host, verify: false, caFile: nil)
            #expect(try loop.send(to: target).text == "https HTTP/1.1")
        }
    }

    @Test(
        "a connection made without verification serves no target that wants it",
        arguments: TransportKind.allCases)
    func notShared(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let loop = try RunningLoop(kind)
        let careless = try nginx.target(verify: false, caFile: nil)
        #expect(try loop.send(to: careless).status == 200)
        let careful = try nginx.target(caFile: Certificate.other)
        #expect(try loop.start(to: careful).failure().kind == .unreachable)
        #expect(try loop.send(to: careless).status == 200)
    }

    @Test(
        "a file of authorities that is not there trusts nobody", arguments: TransportKind.allCases)
    func missingFile(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let target = Target(
            .tcp(isSecure: true, host: "127.0.0.1", port: nginx.ports[0]),
            tls: UpstreamTLSConfiguration(verify: true, caFile: "/no/such/file.pem"))
        #expect(try RunningLoop(kind).start(to: target).failure().kind == .unreachable)
    }

    @Test("an upstream that speaks no TLS is unreachable", arguments: TransportKind.allCases)
    func plainUpstream(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            var bytes: [UInt8] = []
            _ = try connection.read(5, into: &bytes)
            try connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        }
        let target = Target(.tcp(isSecure: true, host: "127.0.0.1", port: server.port))
        #expect(try RunningLoop(kind).start(to: target).failure().kind == .unreachable)
    }

    @Test("plain HTTP to a TLS port is an answer like others", arguments: TransportKind.allCases)
    func plainRequest(_ kind: TransportKind) throws {
        let nginx = try nginx()
        #expect(try RunningLoop(kind).send(to: nginx.target(isSecure: false)).status == 400)
    }

    @Test("bodies of 8 MiB pass both ways, held back and let go", arguments: TransportKind.allCases)
    func bodies(_ kind: TransportKind) throws {
        let bytes = Pattern.bytes(8 << 20)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                try connection.send(request.body)
            }
        }
        let nginx = try Nginx(
            Nginx.Server(
                "ssl",
                "client_max_body_size 0; location / { proxy_pass http://127.0.0.1:\(server.port); }"
            ))
        let loop = try RunningLoop(kind)
        let target = try nginx.target(version: .http1)
        for body in [Call.Body.whole(bytes), .stream(length: nil, [.bytes(bytes), .end])] {
            let call = loop.call("POST /", [], body, to: target)
            call.receiver.room = 0
            call.receiver.onRefusal = { loop.loop.submit { try? call.makeRoom(50_000) } }
            try call.start()
            #expect(Pattern.areEqual(try call.answer().body, bytes))
            #expect(call.receiver.record.current.refusals > 20)
        }
    }

    @Test(
        "what TLS has decrypted already is offered without another byte from the net",
        arguments: TransportKind.allCases)
    func decrypted(_ kind: TransportKind) throws {
        // One record holds more than is taken at a time, and nothing follows it.
        let nginx = try Nginx(Nginx.Server("ssl", ""))
        try nginx.write("file", Pattern.bytes(16_000))
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        for _ in 0..<3 {
            let call = loop.call("GET /file", to: target)
            call.receiver.room = 0
            try call.start()
            try call.wait(for: "the first offer") { $0.refusals == 1 }
            try loop.turn()
            try call.makeRoom(1)
            try call.wait(for: "more") { $0.refusals > 1 || $0.isOver }
            try call.makeRoom()
            #expect(Pattern.areEqual(try call.answer().body, Pattern.bytes(16_000)))
        }
    }
}
