@testable import Proxy

/// A participant that does what it is told, and counts how often it was asked.
final class ScriptedParticipant: TurnParticipant, @unchecked Sendable {
    private(set) var turns = 0
    private let body: (Int) -> Bool

    init(_ body: @escaping (Int) -> Bool) { self.body = body }

    func turnEnded() -> Bool {
        turns += 1
        return body(turns)
    }
}
