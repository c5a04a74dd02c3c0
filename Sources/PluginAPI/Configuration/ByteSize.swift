/// A number of bytes, written as a number or as `"64KiB"`, `"100MiB"`, `"2GiB"`.
public struct ByteSize: Hashable, Comparable, Sendable {
    /// Not negative.
    public let bytes: Int

    public init(bytes: Int) {
        precondition(bytes >= 0, "a negative size")
        self.bytes = bytes
    }

    public static func kibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 10) }
    public static func mebibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 20) }
    public static func gibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 30) }

    public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }
}

extension ByteSize: BoundedSettingValue {
    public static var settingType: SettingType {
        .either([
            SettingType(
                "size", expected: #"a size such as "64KiB""#, unit: "bytes, KiB, MiB, GiB, TiB",
                .notation(pattern: "^[0-9]+(B|KiB|MiB|GiB|TiB)$")),
            SettingType("bytes", expected: "a number of bytes", .integer),
        ])
    }

    public init(unbounded value: ConfigurationValue) throws(ConfigurationError) {
        if case .number(let digits) = value.content, let count = Int(digits), count >= 0 {
            self.init(bytes: count)
            return
        }
        guard let text = value.string,
            let read = ByteSize(written: text, allowsBareNumber: value.isSubstituted)
        else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap(Self.suggestion))
        }
        self = read
    }

    /// In the largest unit that says it exactly.
    public var settingJSON: JSONValue {
        guard bytes > 0, let unit = Self.units.last(where: { bytes % (1 << $0.shift) == 0 }),
            unit.shift > 0
        else { return .number(bytes) }
        return .string("\(bytes >> unit.shift)\(unit.name)")
    }

    private static let units: [(name: String, shift: Int)] = [
        ("B", 0), ("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40),
    ]

    private init?(written text: String, allowsBareNumber: Bool) {
        guard let (count, unitName) = text.splitAfterDigits,
            let unit = Self.units.first(where: {
                $0.name == unitName || (allowsBareNumber && unitName.isEmpty)
            }),
            count <= Int.max >> unit.shift
        else { return nil }
        self.init(bytes: count << unit.shift)
    }

    /// `64 KB`, `64k` or `64kib` as they are to be written.
    private static func suggestion(_ text: String) -> String? {
        let compact = text.lowercased().filter { $0 != " " }
        guard let (count, word) = compact.splitAfterDigits else { return nil }
        return units.first { unit in
            let letter = unit.name.prefix(1).lowercased()
            return unit.shift == 0
                ? ["", "b", "byte", "bytes"].contains(word)
                : [letter, letter + "b", letter + "ib"].contains(word)
        }.map { "\(count)\($0.name)" }
    }
}
