import PluginAPI

/// A replay as programs read it.
struct ReplayJSON {
    let outcome: ReplayOutcome
    let most: Int
    private var tally: ReplayTally { outcome.tally }

    init(_ outcome: ReplayOutcome, most: Int) {
        self.outcome = outcome
        self.most = most
    }

    var value: JSONValue {
        [
            "requests": .number(tally.all.count), "first": Self.time(tally.all.first),
            "last": Self.time(tally.all.last),
            "would_be_refused": Self.causes(tally.refused, tally.refusedCount),
            "would_pass": Self.causes(tally.passing, tally.passingCount),
            "otherwise": [
                "requests": .number(tally.otherwiseCount),
                "by": Self.differences(tally.otherwise, "is", "would_be"),
            ],
            "routes": .array(
                tally.routes.sorted { $0.key < $1.key }.map { name, counts in
                    Self.row(
                        name.isEmpty ? .null : .string(name), counts, hasRequests: true)
                }),
            "clients": rows(tally.clients), "identities": rows(tally.identities),
            "as_recorded": tally.compared == 0
                ? .null
                : [
                    "requests": .number(tally.compared), "agreed": .number(tally.agreed),
                    "disagreements": Self.differences(
                        tally.disagreements, "recorded", "replayed"),
                ],
            "not_asked": .array(
                outcome.notAsked.map { label, standing in
                    let missing =
                        outcome.running.missing[label] ?? outcome.new.missing[label] ?? .all
                    return [
                        "plugin": .string(label), "standing": .string(standing.name),
                        "needs": .string(missing.words),
                    ]
                }),
            "unknown_facts": .array(
                outcome.gaps.map {
                    [
                        "plugin": .string($0.reader), "fact": .string($0.fact),
                        "found_by": .string($0.writer),
                    ]
                }),
            "late": .number(outcome.late),
            "left_out": .number(tally.unreadable + outcome.neverInChain),
            "not_requests": [
                "lines": .number(outcome.skipped.count),
                "first": outcome.skipped.firstProblem.map { .string($0) } ?? .null,
            ],
            "changes": .array(tally.listed.map(Self.change)),
        ]
    }

    private static func time(_ time: WallTime?) -> JSONValue {
        time.map { .string($0.description) } ?? .null
    }

    private static func extent(_ extent: Extent) -> [JSONValue.Member] {
        [
            .init("requests", .number(extent.count)), .init("first", time(extent.first)),
            .init("last", time(extent.last)),
        ]
    }

    private static func causes(_ causes: [Verdict.Cause: Extent], _ count: Int) -> JSONValue {
        let sorted = causes.sorted {
            ($1.value.count, $0.key.words) < ($0.value.count, $1.key.words)
        }
        return [
            "requests": .number(count),
            "by": .array(sorted.map { .object($0.key.members + extent($0.value)) }),
        ]
    }

    private static func differences(
        _ differences: [ReplayTally.Difference: Extent], _ from: String, _ to: String
    ) -> JSONValue {
        let sorted = differences.sorted {
            ($1.value.count, $0.key.from.words, $0.key.to.words)
                < ($0.value.count, $1.key.from.words, $1.key.to.words)
        }
        return .array(
            sorted.map {
                .object(
                    [.init(from, $0.key.from.json), .init(to, $0.key.to.json)] + extent($0.value))
            })
    }

    private func rows(_ table: ChangeTable) -> JSONValue {
        [
            "count": .number(table.count),
            "rows": .array(
                table.top(most).map {
                    Self.row(.string($0.name), $0.counts, hasRequests: false)
                }),
            "beyond_those_told_apart": .number(table.others.changed),
        ]
    }

    private static func row(
        _ name: JSONValue, _ counts: ChangeCounts, hasRequests: Bool
    ) -> JSONValue {
        .object(
            [.init("name", name)]
                + (hasRequests ? [.init("requests", .number(counts.requests))] : [])
                + [
                    .init("would_be_refused", .number(counts.refused)),
                    .init("would_pass", .number(counts.passing)),
                    .init("otherwise", .number(counts.otherwise)),
                ])
    }

    private static func change(_ one: ReplayTally.Listed) -> JSONValue {
        [
            "time": time(one.request.time),
            "request_id": one.request.record?.requestID.map { .string($0) } ?? .null,
            "route": one.origin.route.isEmpty ? .null : .string(one.origin.route),
            "client": .string(one.origin.client),
            "identity": one.origin.identity.map { .string($0) } ?? .null,
            "was": one.from.json, "would_be": one.to.json,
        ]
    }
}

extension ReplayOutcome.Standing {
    var name: String {
        switch self {
        case .asRecorded: "as_recorded"
        case .changed: "changed"
        case .decisionsOnly: "decisions_only"
        case .unknown: "unknown"
        }
    }
}
