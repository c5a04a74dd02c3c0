import Glibc
import PluginAPI

@testable import Proxy

/// Reads answers as the proxy does: by the transport of framed connections, over a socket.
final class ConnectionReader: TransferReceiver {
    let incoming = Response()
    let requestTrailers = Headers()
    private(set) var heard = HeardAnswer()

    private let transport: ConnectionTransport
    private let pool: ConnectionPool
    private let get = Request()
    private let head = Request()
    /// The kept connection, and the server's end of it.
    private var connection: (UpstreamConnection, server: Int32)?
    private let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    private let loop: EventLoop

    init() {
        guard let loop = try? EventLoop() else { fatalError("no event loop") }
        self.loop = loop
        transport = ConnectionTransport(loop: loop)
        pool = ConnectionPool(Target(.unix(path: "/nowhere")), transport)
        Self.fill(get, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        Self.fill(head, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    }

    private static func fill(_ request: Request, _ text: String) {
        var parser = RequestParser()
        var text = text
        _ = text.withUTF8 { parser.parse($0, into: request, limits: HeadLimits()) }
    }

    /// - Parameter isTogether: the end of the connection comes with the last piece.
    func read(_ answer: borrowing SpoiledAnswer, isTogether: Bool) {
        heard.removeAll()
        let (connection, server) = takeConnection()
        let descriptor = connection.descriptor
        pool.keep(connection)
        // The first request on it: what breaks off is not asked for again.
        connection.isReused = false
        let request = answer.answersHead ? head : get
        pool.takeTransfer().start(OutgoingRequest(request: request, body: .none), self)
        _ = transport.turnEnded()

        let bytes = answer.bytes
        var hasRest = false
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            for index in 0...answer.cuts.count {
                let end = index < answer.cuts.count ? answer.cuts[index] : bytes.count
                let piece = bytes.slice(start..<end)
                start = end
                guard !piece.isEmpty else { continue }
                guard heard.end == .open else {
                    hasRest = true
                    break
                }
                guard PacketPair.send(piece, to: server) else { fatalError("no room to send") }
                if isTogether, index == answer.cuts.count {
                    shutdown(server, Int32(SHUT_WR))
                    connection.ready(descriptor, [.readable, .peerClosed])
                } else {
                    connection.ready(descriptor, .readable)
                }
            }
        }
        heard.endsBeforeClose = heard.end != .open && !isTogether
        if heard.end == .open {
            shutdown(server, Int32(SHUT_WR))
            connection.ready(descriptor, [.readable, .peerClosed])
        }
        guard heard.end != .open else { fatalError("no end") }
        if let kept = pool.takeConnection() {
            if hasRest || isTogether || answer.closes {
                heard.keepsConnection = !hasRest && !isTogether
                kept.close()
                close(server)
            } else {
                heard.keepsConnection = true
                PacketPair.drain(server, space)
                self.connection = (kept, server)
            }
        } else {
            close(server)
        }
    }

    private func takeConnection() -> (UpstreamConnection, Int32) {
        if let connection {
            self.connection = nil
            return connection
        }
        let pair = PacketPair()
        return (UpstreamConnection(pair.client, nil, pool, loop), pair.server)
    }

    // MARK: - TransferReceiver

    func takeBody(into space: UnsafeMutableRawBufferPointer) -> BodySupply { .ended }
    func transferConnected() {}

    func transferInformational() { addHead() }
    func transferHead() { addHead() }

    private func addHead() {
        heard.addStatus(String(incoming.status).utf8)
        Self.add(incoming.headers, to: &heard.heads)
    }

    private static func add(_ headers: Headers, to lines: inout [UInt8]) {
        for field in headers.fields {
            HeardAnswer.addField(
                headers.storage.slice(field.name), headers.storage.slice(field.value), to: &lines)
        }
    }

    func transferBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        heard.body.append(contentsOf: bytes)
        return true
    }

    func transferEnded(trailers: Headers?) {
        heard.end = .whole
        if let trailers { Self.add(trailers, to: &heard.trailers) }
    }

    func transferFailed(_ error: TransferError) { heard.end = .broken }
}
