import Glibc

/// What is to be read cannot be; for the person who named it.
package struct InputFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// `activity.jsonl: the file cannot be read: No such file or directory`
    package init(reading name: String, code: Int32) {
        description = "\(name): the file cannot be read: \(String(cString: strerror(code)))"
    }
}
