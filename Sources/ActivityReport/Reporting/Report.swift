/// The answer to one question about many records.
package protocol Report: AnyObject {
    /// Takes one record of those that are asked for.
    func add(_ record: ActivityRecord)

    /// For people.
    func lines(_ origin: ReportOrigin, for terminal: Terminal) -> [String]

    /// For programs.
    func json(_ origin: ReportOrigin) -> String
}
