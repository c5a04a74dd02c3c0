import PluginAPI

/// A command whose reply is still to come.
struct PendingReply {
    let purpose: Purpose
    /// When its time is up; nil until it has been written, from when it counts.
    var deadline: MonotonicTime?

    enum Purpose {
        case greeting(GreetingStep)
        /// A script's digest is to come.
        case loading(RedisScript)
        /// By the script's digest, which the server may have forgotten.
        case evaluation(RedisScript, RedisArguments, RedisConnection.ReplyHandler)
        case command(RedisConnection.ReplyHandler)
    }

    /// What is said to a server before it counts as ready, in this order.
    enum GreetingStep {
        case authentication
        case selection
        case probe
        case ping
    }

    func fail(_ failure: RedisFailure) {
        switch purpose {
        case .greeting, .loading: break
        case .evaluation(_, _, let handler), .command(let handler): handler(.failure(failure))
        }
    }
}
