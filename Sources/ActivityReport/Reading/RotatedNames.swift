/// The names that activity-logger gives to files.
package enum RotatedNames {
    /// The names with the files of each log in the order of their time: `NAME.20260131T120000Z`,
    /// `NAME.20260131T120000Z-001`, and at last `NAME`, which is still written. Logs stay in the order
    /// in which they are first named.
    package static func inOrderOfTime(_ names: [String]) -> [String] { logs(names).flatMap(\.self) }

    /// The same, with the files of each log by themselves.
    package static func logs(_ names: [String]) -> [[String]] {
        let parts = names.map(split)
        var logs: [String] = []
        for part in parts where !logs.contains(part.log) { logs.append(part.log) }
        return logs.map { log in
            zip(names, parts).filter { $0.1.log == log }
                .sorted { ($0.1.ending ?? "~") < ($1.1.ending ?? "~") }
                .map(\.0)
        }
    }

    /// What activity-logger has added to the name; nil when it is the log's own.
    private static func split(_ name: String) -> (log: String, ending: String?) {
        guard let point = name.lastIndex(of: ".") else { return (name, nil) }
        let ending = name[name.index(after: point)...]
        guard ending.wholeMatch(of: /\d{8}T\d{6}Z(-\d{3,})?/.asciiOnlyDigits()) != nil else {
            return (name, nil)
        }
        return (String(name[..<point]), String(ending))
    }
}
