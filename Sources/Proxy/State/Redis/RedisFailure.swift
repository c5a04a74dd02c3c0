/// Why a command has no reply.
package enum RedisFailure: Error, Equatable, CustomStringConvertible {
    /// There is no server to ask, or it went away before it answered. The command may have been run.
    case away(String)
    /// The server did not answer in time. The command may have been run, or may still be.
    case timedOut
    /// The server's own words, such as `WRONGTYPE Operation against a key …`.
    case refused(String)

    package var description: String {
        switch self {
        case .away(let why): why
        case .timedOut: "Redis did not answer in time"
        case .refused(let words): "Redis answered: \(words)"
        }
    }

    /// Whether an error's words speak of the server's state and not of the command: no other command
    /// would fare better.
    static func meansAway(_ words: String) -> Bool {
        [
            "LOADING ", "READONLY ", "MASTERDOWN ", "NOREPLICAS ", "MISCONF ", "CLUSTERDOWN ",
            "BUSY ", "NOAUTH ",
        ].contains {
            // Until Redis 7 a script's error came wrapped: `ERR Error running script …: -READONLY …`.
            words.hasPrefix($0) || words.contains(" -" + $0)
        }
    }
}
