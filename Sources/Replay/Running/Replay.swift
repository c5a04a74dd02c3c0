import ActivityReport
import PluginAPI
import Proxy

/// Takes requests through the running configuration and the new one, each by itself and at its own time.
struct Replay {
    let running: Cast
    let new: Cast
    private let loaded: (running: LoadedConfiguration, new: LoadedConfiguration)

    /// - Parameter kind: whether the requests are records, or whole.
    init(
        running: LoadedConfiguration, new: LoadedConfiguration, kind: RequestReader.Kind?
    ) {
        let parts: RequestParts = kind == .list ? .all : []
        loaded = (running, new)
        self.running = Cast(running.configuration, having: parts)
        self.new = Cast(new.configuration, having: parts)
    }

    /// - Parameter first: the first of `requests`, which has been taken already.
    func run(
        _ first: ReplayRequest?, _ requests: RequestOrder, into tally: ReplayTally
    ) throws {
        guard let first else { return }
        func lane(
            _ cast: Cast, _ loaded: LoadedConfiguration,
            _ verdict: WritableKeyPath<(running: Verdict?, new: Verdict?), Verdict?>
        ) throws -> Lane {
            loaded.time.set(first.time)
            return try Lane(
                cast, mayWait: running.mayWait || new.mayWait, store: loaded.store,
                state: loaded.state, time: loaded.time
            ) { request, held in
                request.verdicts[keyPath: verdict] = Verdict(held)
                if verdict == \.running { tally.compare(request, held) }
                if request.verdicts.running != nil, request.verdicts.new != nil {
                    tally.add(request)
                }
            }
        }
        let lanes = [
            try lane(running, loaded.running, \.running), try lane(new, loaded.new, \.new),
        ]
        let hosts = hosts
        var next: ReplayRequest? = first
        while let request = next {
            // A record does not have the host; where its route is for some, it was one of these.
            let host = request.record?.route.flatMap { hosts[$0] }
            for lane in lanes { try lane.begin(request, host: host) }
            next = try requests.next()
        }
        for lane in lanes { lane.finish() }
    }

    /// A host of each route that is for some hosts only.
    private var hosts: [String: String] {
        var hosts: [String: String] = [:]
        for configuration in [loaded.running.configuration, loaded.new.configuration] {
            for route in configuration.routes where hosts[route.name] == nil {
                guard let host = route.hosts.first else { continue }
                hosts[route.name] = host.hasPrefix("*.") ? "any" + host.dropFirst() : host
            }
        }
        return hosts
    }
}
