import ActivityReport
import PluginAPI

/// Makes requests of lines: of activity records, or of a list, whichever the first one is.
final class RequestReader {
    enum Kind: String {
        case records, list
    }

    /// Nil while no line has shown it.
    private(set) var kind: Kind?
    /// Lines that were no request.
    private(set) var skipped = SkippedLines()
    /// Records of requests whose heads were refused before any plugin saw them.
    private(set) var neverInChain = 0
    private var records = RecordedRequests()
    private var list: ListedRequests
    private var durations = ExpectedDurations()
    private let recordLines = ActivityRecordReader(name: "")

    /// - Parameter now: when requests of a list come that do not say so.
    init(now: WallTime) { list = ListedRequests(start: now) }

    /// - Returns: nil when the line is none, which is counted.
    func request(
        in line: UnsafeBufferPointer<UInt8>?, _ number: Int, of name: String
    ) -> ReplayRequest? {
        func skip(_ problem: @autoclosure () -> String) -> ReplayRequest? {
            skipped.add { "\(name):\(number): \(problem())" }
            return nil
        }
        guard let line else { return skip("expected a shorter line") }
        guard !line.isBlank else { return nil }
        kind = kind ?? Self.kind(of: line)
        guard kind == .list else { return record(in: line, skip: { skip($0) }) }
        do throws(RecordProblem) {
            let request = try list.request(in: line)
            note(request.duration, route: "")
            return request
        } catch {
            return skip(error.description(in: line))
        }
    }

    private func record(
        in line: UnsafeBufferPointer<UInt8>, skip: (String) -> ReplayRequest?
    ) -> ReplayRequest? {
        var request: ReplayRequest?
        let before = recordLines.skipped.count
        do {
            try recordLines.take(line, 0) { record in
                request = try records.request(of: record)
            }
        } catch {
            switch error as? RecordedRequests.Obstacle {
            case .neverInChain: neverInChain += 1
            default:
                _ = skip(
                    "expected an activity record like those before it, found a request of a list")
            }
            return nil
        }
        if recordLines.skipped.count > before { return skip(Self.problem(of: line)) }
        if let request, request.wasSent {
            note(request.upstreamDuration ?? request.duration, route: request.record?.route ?? "")
        }
        return request
    }

    /// What is wrong with a line that is no record.
    private static func problem(of line: UnsafeBufferPointer<UInt8>) -> String {
        let reader = ActivityRecordReader(name: "", numbersLines: false)
        reader.take(line, 0) { _ in }
        return String(reader.skipped.firstProblem?.dropFirst(2) ?? "")
    }

    private func note(_ duration: Int64?, route: String) {
        if let duration { durations.add(duration, route: route) }
    }

    /// How long one would have taken at the upstream that did not come there, in µs.
    func expectedDuration(of request: ReplayRequest) -> Int64 {
        durations.expected(route: request.record?.route ?? "")
    }

    /// The keys that only records have, and every one of which every record has.
    private static let recordKeys: Set<String> = [
        "request_id", "route", "client", "attempts", "decisions", "identity", "upstream",
    ]

    /// Nil for a line that is neither.
    private static func kind(of line: UnsafeBufferPointer<UInt8>) -> Kind? {
        var cursor = JSONCursor(line)
        do {
            cursor.skipSpace()
            var members = try cursor.members()
            while let key = try members.next(&cursor) {
                if recordKeys.contains(key.string) { return .records }
                try cursor.skipValue()
            }
            return .list
        } catch {
            return nil
        }
    }
}
