/// State that outlives an exchange: counters and marks by key, each changed in one atomic step.
///
/// It is in this process's memory, or in Redis, where several processes share it; a plugin does not
/// notice which. It survives a reload where the label of the plugin, the table's name and the size of
/// its records stay the same.
public protocol SharedState: Sendable {
    /// The table of that name, made when it does not exist yet. Keep it: it goes with its last user.
    /// - Parameters:
    ///   - name: distinguishes the tables of one process and, in Redis, of all that share it. Begin it
    ///     with the plugin's label, and name whatever gives the words another meaning.
    ///   - maximumKeys: how many records are held in memory. Beyond that the expired go first, and
    ///     then those not used for longest. Each takes about 100 bytes and 8 a word.
    func table(_ name: String, _ program: any StateProgram, maximumKeys: Int) -> any StateTable
}

/// Records of one program, by key.
public protocol StateTable: AnyObject, Sendable {
    var name: String { get }
    /// How many keys are held in memory. Any thread.
    var count: Int { get }
}

/// What is to be done with one record.
public struct StateStep: Sendable {
    public var table: any StateTable
    public var key: StateKey
    public var arguments: StateWords

    public init(_ table: any StateTable, _ key: StateKey, _ arguments: StateWords) {
        self.table = table
        self.key = key
        self.arguments = arguments
    }
}

/// Takes steps for those who do not decide about a request by their result. On an event loop's thread.
public protocol StateAccess {
    /// Takes a step in the background. While Redis is away it is taken in memory.
    /// - Parameter then: called with the result, on the same thread, now or later.
    func take(_ step: StateStep, then: @escaping (StateResult) -> Void)

    /// The same, for a result that nobody waits for.
    func take(_ step: StateStep)
}
