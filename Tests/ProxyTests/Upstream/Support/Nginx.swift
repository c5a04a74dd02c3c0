import Foundation
import Glibc

@testable import Proxy

/// A real nginx, for what a scripted server does not speak: TLS and HTTP/2.
///
/// Its listening sockets are made here and handed over, as in an upgrade of nginx itself: so their
/// ports are known, and connections wait for it from the first moment.
final class Nginx {
    /// Of `servers`, in order.
    let ports: [UInt16]
    private let folder: TemporaryFolder
    private let program: ChildProgram

    struct Server {
        /// What follows the address in `listen`, such as `ssl http2`.
        let listen: String
        /// What else is in the server's block.
        let content: String

        init(_ listen: String, _ content: String) {
            self.listen = listen
            self.content = content
        }
    }

    init(_ servers: Server...) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let sockets = try servers.map { _ in try ScriptedServer.reserve() }
        defer { for socket in sockets { close(socket) } }
        for socket in sockets { listen(socket, 512) }
        ports = sockets.map { ScriptedServer.port(of: $0) }
        let certificate = try Certificate.address.get()
        let blocks = zip(servers, ports).map { server, port in
            "server { listen 127.0.0.1:\(port) \(server.listen); \(server.content) }"
        }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder.path)/\($0);"
        }
        try folder.write(
            "nginx.conf",
            """
            daemon off; user root; worker_processes 1; pid \(folder.path)/pid;
            error_log \(folder.path)/errors;
            events { worker_connections 1000; }
            http {
                access_log off; root \(folder.path);
                \(temporary.joined(separator: " "))
                ssl_certificate \(certificate.certificateFile);
                ssl_certificate_key \(certificate.keyFile);
                ssl_session_cache off;
                proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;
                \(blocks.joined(separator: "\n"))
            }
            """)
        program = try ChildProgram(
            [
                "nginx", "-p", folder.path, "-e", folder.path + "/errors", "-c",
                folder.path + "/nginx.conf",
            ],
            package: "nginx-light", output: folder.path + "/output", sockets: sockets
        ) { numbers in ["NGINX=" + numbers.map { "\($0);" }.joined()] }
    }

    deinit { program.end() }

    /// Puts a file there, for it to serve.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    func target(
        _ number: Int = 0, host: String = "127.0.0.1", isSecure: Bool = true,
        version: UpstreamHTTPVersion = .auto, verify: Bool = true,
        caFile: Result<Certificate, any Error>? = Certificate.address
    ) throws -> Target {
        Target(
            .tcp(isSecure: isSecure, host: host, port: ports[number]),
            connectTimeout: .seconds(5), version: version,
            tls: UpstreamTLSConfiguration(
                verify: verify, caFile: try caFile?.get().certificateFile))
    }
}
