import Glibc

@testable import Proxy

/// A handler that does what it is told.
final class ScriptedHandler: EventHandler, @unchecked Sendable {
    let texts = Watched<[String]>([])
    private(set) var calls = 0
    private let body: (ScriptedHandler, Events) -> Void

    init(_ body: @escaping (ScriptedHandler, Events) -> Void) { self.body = body }

    func ready(_ descriptor: Int32, _ events: Events) {
        calls += 1
        body(self, events)
    }

    func read(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        texts.change { $0.append(text) }
        return text
    }
}
