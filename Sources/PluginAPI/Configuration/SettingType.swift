/// How the type of a setting is described.
public struct SettingType: Sendable {
    package indirect enum Shape: Sendable {
        case boolean, integer, number, string, any
        /// A string in a notation, with a regular expression (ECMA 262) for those that follow it.
        case notation(pattern: String?)
        case choice([String])
        case list(SettingType)
        case map(SettingType)
        case object([SettingDescription])
        case optional(SettingType)
        case either([SettingType])
        /// Described elsewhere, in the schema under this name.
        case reference(String)
    }

    /// One word or a few: `duration`, `list of networks`.
    public let name: String
    /// What an error asks for: `a duration such as "30s"`.
    public let expected: String
    /// How a value is counted, where the notation says so: `ms, s, m, h, d`.
    public let unit: String?
    package let shape: Shape

    init(_ name: String, expected: String, unit: String? = nil, _ shape: Shape) {
        self.name = name
        self.expected = expected
        self.unit = unit
        self.shape = shape
    }

    func expected<Bound>(in bounds: SettingBounds<Bound>) -> String {
        guard let words = bounds.words else { return expected }
        let noun =
            expected.firstRange(of: " such as ").map { expected[..<$0.lowerBound] } ?? expected[...]
        return "\(noun) \(words)"
    }
}

extension SettingType {
    public static let boolean = SettingType("boolean", expected: "true or false", .boolean)
    public static let integer = SettingType("integer", expected: "a whole number", .integer)
    public static let number = SettingType("number", expected: "a number", .number)
    public static let string = SettingType("string", expected: "a string", .string)
    public static let any = SettingType("any value", expected: "a value", .any)

    /// A string in a notation of its own.
    /// - Parameters:
    ///   - name: a word or two: `duration`.
    ///   - expected: with an article and an example: `a duration such as "30s"`.
    ///   - pattern: an anchored regular expression that every right value matches, for editors.
    public static func notation(
        _ name: String, expected: String, unit: String? = nil, pattern: String? = nil
    ) -> SettingType {
        SettingType(name, expected: expected, unit: unit, .notation(pattern: pattern))
    }

    /// One of a few strings.
    public static func choice(_ names: [String]) -> SettingType {
        let quoted = names.map { "\"\($0)\"" }
        return SettingType(
            quoted.joined(separator: " | "),
            expected: quoted.count == 1 ? quoted[0] : "one of " + quoted.joined(separator: ", "),
            .choice(names))
    }

    public static func list(of element: SettingType) -> SettingType {
        SettingType(
            "list of \(element.plural)", expected: "a list of \(element.plural)", .list(element))
    }

    /// An object whose keys are chosen by the operator.
    public static func map(of value: SettingType) -> SettingType {
        SettingType(
            "map to \(value.plural)",
            expected: value.holdsObjects ? "an object" : "an object of \(value.plural)", .map(value)
        )
    }

    public static func object(_ settings: [SettingDescription]) -> SettingType {
        SettingType("object", expected: "an object", .object(settings))
    }

    /// The type, or null.
    public static func optional(_ type: SettingType) -> SettingType {
        SettingType(
            type.name + " | null", expected: type.expected + " or null", unit: type.unit,
            .optional(type))
    }

    /// Any of several types.
    /// - Parameter expected: what an error asks for; the types' own words joined when nil.
    public static func either(_ types: [SettingType], expected: String? = nil) -> SettingType {
        SettingType(
            types.map(\.name).joined(separator: " | "),
            expected: expected ?? types.map(\.expected).joined(separator: " or "),
            unit: types.compactMap(\.unit).first, .either(types))
    }

    /// An object that is described elsewhere, in the schema under this name.
    package static func reference(_ name: String) -> SettingType {
        SettingType("object", expected: "an object", .reference(name))
    }

    /// Whether it is an object of settings, or a list or map of such.
    var holdsObjects: Bool {
        switch shape {
        case .object, .reference: true
        case .list(let type), .map(let type), .optional(let type): type.holdsObjects
        default: false
        }
    }

    private var plural: String {
        switch shape {
        case .choice, .optional, .either: "(\(name))"
        case .any: "any values"
        case .list: name.replacing("list", with: "lists", maxReplacements: 1)
        default: name + "s"
        }
    }
}
