import PluginAPI
import Proxy

/// What `sluice activity` is asked.
struct ActivityOptions {
    enum Source {
        case files([String])
        case admin(AdminClient, url: String)
    }

    enum Question {
        case summary(most: Int)
        case breakdown([RecordField], sortedBy: TallyColumn?, most: Int?)
        case slowest(Int)
        case follow
    }

    var source: Source
    var question: Question
    var filter: RecordFilter
    var isJSON: Bool

    /// The fields that have an option of their own: `--route chat` is `--where route=chat`.
    static let shorthands: [RecordField] = [
        .text(.route), .text(.model), .text(.identity), .count(.status), .text(.upstream),
        .text(.client), .text(.method), .text(.path), .plugin, .reason,
    ]

    /// - Parameter now: what durations before `--since` and `--until` are counted back from.
    init(_ arguments: inout Arguments, environment: [String: String], now: WallTime) throws {
        isJSON = arguments.flag("--json")
        filter = try Self.filter(&arguments, now)
        question = try Self.question(&arguments)
        if case .follow = question {
            if filter.until != nil {
                throw CommandLineError("--follow has no end; --until cannot be asked with it")
            }
        }
        source = try Self.source(&arguments, question, environment)
    }

    private static func filter(_ arguments: inout Arguments, _ now: WallTime) throws
        -> RecordFilter
    {
        var conditions = try arguments.options("--where").map { try Condition($0) }
        for field in shorthands {
            let option = "--\(field.name)"
            for value in try arguments.options(option) {
                conditions.append(try Condition(field, .equal, value, option: option))
            }
        }
        let since = try arguments.option("--since").map {
            try TimeArgument.moment($0, option: "--since", now: now)
        }
        let until = try arguments.option("--until").map {
            try TimeArgument.moment($0, option: "--until", now: now)
        }
        if let since, let until, since >= until {
            throw CommandLineError(
                "--until: expected a time behind --since, \(since), found \(until)")
        }
        return RecordFilter(since: since, until: until, conditions: conditions)
    }

    private static func question(_ arguments: inout Arguments) throws -> Question {
        let fields = try arguments.option("--by").map(dimensions)
        let slowest = try arguments.option("--slowest").map {
            try number($0, "--slowest", in: 1...10_000)
        }
        let top = try arguments.option("--top")
        let most = try top.flatMap { $0 == "all" ? nil : try number($0, "--top", in: 1...10_000) }
        let column = try arguments.option("--sort", TallyColumn.self)
        let isFollowing = arguments.flag("--follow")

        let asked = [
            fields.map { _ in "--by" }, slowest.map { _ in "--slowest" },
            isFollowing ? "--follow" : nil,
        ].compactMap(\.self)
        guard asked.count < 2 else {
            throw CommandLineError(
                "\(asked.joined(separator: " and ")) are questions of their own: ask one at a time")
        }
        if column != nil, fields == nil { throw CommandLineError("--sort needs --by") }
        if top != nil, isFollowing || slowest != nil {
            throw CommandLineError("--top goes with --by or with none, not with \(asked[0])")
        }
        if let slowest { return .slowest(slowest) }
        if isFollowing { return .follow }
        guard let fields else { return .summary(most: top == nil ? 5 : most ?? .max) }
        // Rows in the order of time are read as a course, and whole.
        let isCourse = column == nil && fields.contains { $0.period != nil }
        return .breakdown(
            fields, sortedBy: isCourse ? nil : column ?? .requests,
            most: top == nil && !isCourse ? 20 : most)
    }

    private static func dimensions(_ list: String) throws -> [RecordField] {
        var fields: [RecordField] = []
        for name in list.split(separator: ",", omittingEmptySubsequences: false) {
            let field = try RecordField.named(String(name), for: "--by") { $0.isDimension }
            if !fields.contains(field) { fields.append(field) }
        }
        return fields
    }

    private static func number(
        _ text: String, _ option: String, in range: ClosedRange<Int>
    ) throws(CommandLineError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw CommandLineError(
                "\(option): expected a number from \(range.lowerBound) to \(range.upperBound),"
                    + " found \(Quoted(text))")
        }
        return number
    }

    private static func source(
        _ arguments: inout Arguments, _ question: Question, _ environment: [String: String]
    ) throws -> Source {
        let admin = try arguments.option("--admin")
        let tokenFile = try arguments.option("--token-file")
        var files: [String] = []
        while let file = arguments.word() { files.append(file) }
        try arguments.end()

        if tokenFile != nil, admin == nil { throw CommandLineError("--token-file needs --admin") }
        if let admin {
            if let file = files.first {
                throw CommandLineError(
                    "--admin and a file are two sources, found \(Quoted(file)): give one")
            }
            if case .follow = question {
                throw CommandLineError("--follow reads a file, not --admin")
            }
            let target = try TargetAddress(admin: admin)
            let client = AdminClient(target, token: try token(tokenFile, environment))
            return .admin(client, url: "\(target)")
        }
        if files.isEmpty { files = ["activity.jsonl"] }
        if case .follow = question, files.count > 1 {
            throw CommandLineError("--follow reads one file, found \(files.count)")
        }
        if files.filter({ $0 == ActivityFile.standardInput }).count > 1 {
            throw CommandLineError("standard input (-) can be read once")
        }
        return .files(RotatedNames.inOrderOfTime(files))
    }

    private static func token(_ file: String?, _ environment: [String: String]) throws -> String? {
        guard let file else { return environment["SLUICE_ADMIN_TOKEN"] }
        return try ActivityFile.word(in: file)
    }
}
