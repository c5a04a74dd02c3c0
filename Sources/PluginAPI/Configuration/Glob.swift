/// A pattern of names, in which `*` stands for any characters or none: `"gpt-4o*"`.
///
/// All of a name must match, case counted; every other character stands for itself.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
    /// As written.
    public let description: String

    /// Nil for an empty pattern, which no name could match.
    public init?(_ pattern: some StringProtocol) {
        guard !pattern.isEmpty else { return nil }
        description = String(pattern)
    }

    public func matches(_ name: String) -> Bool {
        var (pattern, name) = (description, name)
        return pattern.withUTF8 { pattern in name.withUTF8 { Self.matches($0, pattern) } }
    }

    /// The same on bytes in UTF-8.
    package func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        var pattern = description
        return pattern.withUTF8 { Self.matches(name, $0) }
    }

    /// At most the product of both lengths: what an earlier `*` stands for need not be tried again
    /// once a later one has been reached.
    private static func matches(
        _ name: UnsafeBufferPointer<UInt8>, _ pattern: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let star = UInt8(ascii: "*")
        var (here, at) = (0, 0)
        /// Behind the last `*`, and the end of what it stands for so far.
        var retry: (at: Int, here: Int)?
        while here < name.count {
            if at < pattern.count, pattern[at] == star {
                at += 1
                retry = (at, here)
            } else if at < pattern.count, pattern[at] == name[here] {
                at += 1
                here += 1
            } else if let last = retry {
                retry = (last.at, last.here + 1)
                (at, here) = (last.at, last.here + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == star }
    }
}

extension Glob: SettingValue {
    public static var settingType: SettingType {
        .notation("pattern", expected: #"a pattern such as "gpt-4o*""#, pattern: "^.+$")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = Glob(text) else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = read
    }

    public var settingJSON: JSONValue { .string(description) }
}
