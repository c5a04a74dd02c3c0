import PluginAPI
import Proxy

/// `sluice activity`
public enum ActivityCommand: Command {
    public static let name = "activity"
    public static let summary =
        "answers questions about the activity log: who, what, how long, how much"
    public static let synopsis =
        "sluice activity [--by FIELD,… | --slowest COUNT | --follow] [--where CONDITION]… [--since TIME] [--until TIME] [--top COUNT] [--sort COLUMN] [--json] [--admin URL | FILE…]"
    public static let details = """
        Without --by, --slowest and --follow it is a summary. FILE is activity.jsonl unless it is given; - is
        standard input.

          --by FIELD,…       counts by values of
        \(list(names { $0.isDimension }))
          --slowest COUNT    the records that took longest
          --follow           each record as it is written, also when the file is rotated
          --where CONDITION  FIELD=VALUE, !=, and of numbers <, <=, >, >=. In a value * is any text; none is no
                             value. Two with = on one field are alternatives. Beside the fields above, but
                             for hour, day and minute
        \(list(names { $0.isCondition && !$0.isDimension }))
        \(list(ActivityOptions.shorthands.map { "--\($0.name)" }, indentation: 2)) VALUE
                             the same as --where FIELD=VALUE
          --since, --until   2026-01-31T12:00Z, or how long ago: 90s, 15m, 2h, 7d
          --top COUNT        how many rows, or all
          --sort COLUMN      by the largest
        \(list(TallyColumn.allCases.map(\.rawValue)))
          --admin URL        asks a running proxy, its admin listener: http://127.0.0.1:9901, unix:/PATH
          --token-file FILE  the listener's token; or SLUICE_ADMIN_TOKEN
          --json             for programs

        Sums are exact; p50, p95 and p99 are at most 0.8 % off. Lines that are no records are counted and told.
        """

    private static func names(_ isMeant: (RecordField) -> Bool) -> [String] {
        RecordField.all.filter(isMeant).map(\.name)
    }

    /// Words with commas between them, in lines of at most a hundred columns.
    private static func list(_ words: [String], indentation: Int = 21) -> String {
        let margin = String(repeating: " ", count: indentation)
        var lines = [margin]
        for (index, word) in words.enumerated() {
            let word = index == words.count - 1 ? word : word + ","
            if lines[lines.count - 1].count + word.count > 100 { lines.append(margin) }
            let isFirst = lines[lines.count - 1].count == indentation
            lines[lines.count - 1] += isFirst ? word : " " + word
        }
        return lines.joined(separator: "\n")
    }

    public static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        do {
            let options = try ActivityOptions(
                &arguments, environment: context.environment, now: SystemTime().wall)
            let terminal = Terminal(environment: context.environment)
            if let report = report(options) {
                let origin = try read(options, into: report)
                let lines =
                    options.isJSON ? [report.json(origin)] : report.lines(origin, for: terminal)
                if !lines.joined().isEmpty { context.print(lines.joined(separator: "\n")) }
                if origin.skipped.count > 0 { context.complain("\(origin.skipped)") }
            } else if case .files(let names) = options.source {
                try follow(names[0], options, context, terminal)
            }
            return 0
        } catch let failure as InputFailure {
            context.complain("\(failure)")
            return 1
        }
    }

    /// Nil when records are to be shown as they come.
    private static func report(_ options: ActivityOptions) -> (any Report)? {
        switch options.question {
        case .summary(let most): SummaryReport(filter: options.filter, most: most)
        case .breakdown(let fields, let column, let most):
            BreakdownReport(
                by: fields, filter: options.filter, sortedBy: column, most: most)
        case .slowest(let most): SlowestReport(most: most)
        case .follow: nil
        }
    }

    private static func read(
        _ options: ActivityOptions, into report: any Report
    ) throws(InputFailure) -> ReportOrigin {
        var origin = ReportOrigin()
        let take: (ActivityRecord) -> Void = { record in
            if options.filter.matches(record) { report.add(record) }
        }
        switch options.source {
        case .files(let names):
            // All are opened first: what is missing is told before time is spent on the others.
            var files: [ActivityFile] = []
            for name in names { files.append(try ActivityFile(name)) }
            for file in files {
                let reader = ActivityRecordReader(name: file.name)
                try file.read(into: reader, take)
                reader.end(take)
                origin.skipped += reader.skipped
            }
        case .admin(let client, let url):
            let name = url + "/requests"
            let page = try page(of: client, name)
            origin = try page.withUnsafeBufferPointer { bytes throws(InputFailure) in
                let page = try RequestsPage(bytes, name: name, take)
                return ReportOrigin(skipped: page.skipped, running: page.running)
            }
        }
        return origin
    }

    private static func page(of client: AdminClient, _ name: String) throws(InputFailure) -> [UInt8]
    {
        let answer: AdminClient.Response
        do throws(AdminClient.Failure) {
            answer = try client.ask("GET", "/requests")
        } catch {
            throw InputFailure("\(error)")
        }
        switch answer.status {
        case 200: return answer.body
        case 401, 403:
            throw InputFailure(
                "\(name): the answer is \(answer.status): the listener wants a token,"
                    + " by --token-file or SLUICE_ADMIN_TOKEN")
        default: throw InputFailure("\(name): expected status 200, found \(answer.status)")
        }
    }

    /// Shows records as they are written, until the process is ended, or standard input is at its end.
    private static func follow(
        _ name: String, _ options: ActivityOptions, _ context: CommandContext,
        _ terminal: Terminal
    ) throws(InputFailure) {
        let show: (ActivityRecord) -> Void = { record in
            guard options.filter.matches(record) else { return }
            context.print(
                options.isJSON ? RecordLine.json(record) : RecordLine.text(record, for: terminal))
        }
        if name == ActivityFile.standardInput {
            let file = try ActivityFile(name)
            let reader = ActivityRecordReader(name: file.name)
            try file.read(into: reader, show)
            reader.end(show)
            if reader.skipped.count > 0 { context.complain("\(reader.skipped)") }
            return
        }
        // From the middle of a file nobody knows a line's number.
        let reader = ActivityRecordReader(name: name, numbersLines: options.filter.since != nil)
        let follower = try FileFollower(name, into: reader, fromEnd: options.filter.since == nil)
        var isToldOfSkipped = false
        while true {
            try follower.readNew(show)
            if !isToldOfSkipped, reader.skipped.count > 0 {
                isToldOfSkipped = true
                context.complain("\(reader.skipped)")
            }
            // On a file system that tells nothing, a second is soon enough.
            follower.wait(milliseconds: 1000)
        }
    }
}
