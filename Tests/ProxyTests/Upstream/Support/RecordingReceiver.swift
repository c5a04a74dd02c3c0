import PluginAPI

@testable import Proxy

/// A receiver that writes down what it hears, says no when it is told to, and holds the transport to
/// the seam's contract.
///
/// All but `record` is used on the loop's thread.
final class RecordingReceiver: TransferReceiver, @unchecked Sendable {
    enum Event: Equatable {
        case informational, head, body, ended, failed
    }

    enum Supply: Sendable {
        case bytes([UInt8])
        case end
        case broken
    }

    let record = Watched(ReceivedAnswer())
    let incoming = Response()
    let requestTrailers = Headers()

    /// How many more bytes of the answer are taken; the run that passes it is still taken whole.
    var room = Int.max
    /// What there is of the request's body.
    var supply: [Supply] = []
    /// Called in each call, after it is on record.
    var onEvent: ((Event) -> Void)?
    /// Called when bytes have been refused.
    var onRefusal: (() -> Void)?
    /// The transfer is over: memory that it was lent goes.
    var whenOver: (() -> Void)?
    var isOnLoop: () -> Bool = { true }

    var stage = Stage.notStarted
    private var isPaused = false

    enum Stage {
        case notStarted, starting, head, body, over, cancelled
    }

    /// There is room again.
    func hasRoom(_ bytes: Int) {
        room = bytes
        isPaused = false
    }

    private func note(_ event: Event, _ change: (inout ReceivedAnswer) -> Void) {
        let violation: String? =
            switch (stage, event) {
            case (.notStarted, _): "\(event) before start"
            case (.starting, _): "\(event) within start"
            case (.over, _): "\(event) after the end"
            case (.cancelled, _): "\(event) after cancel"
            case (.head, .body), (.head, .ended): "\(event) before the head"
            case (.body, .informational), (.body, .head): "\(event) after the head"
            case (_, .body) where isPaused, (_, .ended) where isPaused: "\(event) while held back"
            default: nil
            }
        record.change {
            if let violation { $0.violations.append(violation) }
            if !isOnLoop() { $0.violations.append("\(event) on another thread") }
            change(&$0)
        }
        switch event {
        case .head: stage = .body
        case .ended, .failed:
            stage = .over
            whenOver?()
        case .informational, .body: break
        }
        onEvent?(event)
    }

    // MARK: - TransferReceiver

    func transferConnected() {}

    func transferInformational() {
        note(.informational) { $0.informational.append(.init(incoming)) }
        // Whatever is done with one answer's head, the next begins with an empty one.
        incoming.headers.append("x-left-behind", "1")
    }

    func transferHead() {
        note(.head) { $0.head = .init(incoming) }
    }

    func transferBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if room <= 0 {
            if isPaused { record.change { $0.violations.append("bytes offered while held back") } }
            isPaused = true
            record.change { $0.refusals += 1 }
            onRefusal?()
            return false
        }
        room -= bytes.count
        note(.body) {
            if bytes.isEmpty { $0.violations.append("a run of no bytes") }
            $0.body.append(contentsOf: bytes)
        }
        return true
    }

    func transferEnded(trailers: Headers?) {
        note(.ended) {
            $0.isWhole = true
            $0.trailers = trailers.map(Field.list) ?? []
        }
    }

    func transferFailed(_ error: TransferError) {
        note(.failed) { $0.error = error }
    }

    func takeBody(into space: UnsafeMutableRawBufferPointer) -> BodySupply {
        if stage == .cancelled || stage == .over {
            record.change { $0.violations.append("body bytes taken after the end") }
        }
        guard let first = supply.first else { return .later }
        switch first {
        case .end: return .ended
        case .broken: return .broken
        case .bytes(let bytes):
            let count = min(space.count, bytes.count)
            space.copyBytes(from: bytes.prefix(count))
            if count == bytes.count {
                supply.removeFirst()
            } else {
                supply[0] = .bytes(Array(bytes.dropFirst(count)))
            }
            record.change { $0.taken += count }
            return .bytes(count)
        }
    }
}
