import ActivityReport
import PluginAPI
import Proxy

/// `sluice replay`
public enum ReplayCommand: Command {
    public static let name = "replay"
    public static let summary =
        "tries a configuration on requests of the past: which would be decided otherwise"
    public static let synopsis =
        "sluice replay [FILE…] --config NEW [--running plugins.json] [--list COUNT] [--top COUNT] [--json]"
    public static let details = """
        Takes the requests of an activity log through NEW and through the running configuration, each at its
        own time and with counters of its own, and tells what differs. FILE is activity.jsonl unless it is
        given; - is standard input. Give all files of the time, also those of replicas, in any order.

          --config NEW     the configuration to try
          --running FILE   the one to compare it with; plugins.json unless it is given
          --list COUNT     the first so many requests that would be decided otherwise
          --top COUNT      how many rows a table has, or all; 10 unless it is given
          --json           for programs

        A plugin that needs header fields or bodies is not asked about records, which have none: what it
        decided is taken as recorded, and it is named. It is asked where FILE is a list of requests instead,
        one JSON object a line, of which only method and path are needed:

          {"time": "2026-01-31T12:00:00Z", "method": "POST", "path": "/v1/x", "peer": "203.0.113.7",
           "headers": {"name": "value"}, "body": "…", "status": 200, "duration_ms": 120}

        Nothing is written, opened or asked anywhere. The exit code is 0 whatever the difference, 1 when a
        file cannot be read or a configuration is refused, 2 for a wrong call.
        """

    public static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let options = try ReplayOptions(&arguments)
        do {
            let outcome = try outcome(options, context)
            if options.isJSON {
                context.print(ReplayJSON(outcome, most: options.most).value.indented)
            } else {
                let text = ReplayText(
                    outcome, most: options.most, for: Terminal(environment: context.environment))
                context.print(text.lines.joined(separator: "\n"))
            }
            complain(of: outcome.skipped, outcome.kind, context)
            return 0
        } catch let refused as LoadedConfiguration.Refused {
            for diagnostic in refused.diagnostics { context.complain(diagnostic) }
            return 1
        } catch {
            context.complain("\(error)")
            return 1
        }
    }

    private static func outcome(
        _ options: ReplayOptions, _ context: CommandContext
    ) throws -> ReplayOutcome {
        let now = SystemTime().wall
        let running = try LoadedConfiguration(options.running, context, now: now)
        let new = try LoadedConfiguration(options.new, context, now: now)
        let reader = RequestReader(now: now)
        // All are opened first: what is missing is told before time is spent on the others.
        let logs = try RotatedNames.logs(options.files).map { names in
            RequestLog(try names.map { try ActivityFile($0) }, reader)
        }
        let requests = RequestOrder(logs, reader)
        let tally = ReplayTally(listLength: options.listLength)
        // What the requests are is known once the first has been read.
        let first = try requests.next()
        let replay = Replay(running: running, new: new, kind: reader.kind)
        try replay.run(first, requests, into: tally)
        return ReplayOutcome(
            runningName: running.name, newName: new.name, kind: reader.kind,
            running: replay.running, new: replay.new, tally: tally, skipped: reader.skipped,
            neverInChain: reader.neverInChain, late: requests.late)
    }

    private static func complain(
        of skipped: SkippedLines, _ kind: RequestReader.Kind?, _ context: CommandContext
    ) {
        guard let first = skipped.firstProblem else { return }
        let (one, many) =
            kind == .list ? ("no request", "no requests") : ("no record", "no records")
        context.complain(
            skipped.count == 1
                ? "1 line is \(one): \(first)"
                : "\(skipped.count) lines are \(many); the first: \(first)")
    }
}
