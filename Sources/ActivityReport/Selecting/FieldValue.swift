import PluginAPI

/// What a field of one record has, by which records are told apart.
package enum FieldValue: Hashable, Comparable, Sendable {
    /// The record has null.
    case none
    case number(Int64)
    case text(String)
}

extension RecordField {
    /// The word for a record that has no value.
    package static let noneLabel = "none"

    /// A value of this field as people read it.
    package func label(_ value: FieldValue) -> String {
        switch (self, value) {
        case (_, .none): Self.noneLabel
        case (.statusClass, .number(let hundreds)): "\(hundreds)xx"
        case (.stream, .number(let flag)), (.estimated, .number(let flag)):
            flag == 1 ? "true" : "false"
        case (.day, .number(let time)): String(Self.written(time).prefix(10))
        case (.hour, .number(let time)), (.minute, .number(let time)):
            Self.written(time).prefix(16) + "Z"
        case (_, .number(let number)): String(number)
        case (_, .text(let text)): text
        }
    }

    /// A value of this field as programs read it.
    package func json(_ value: FieldValue) -> JSONValue {
        switch (self, value) {
        case (_, .none): .null
        case (.count, .number(let number)): .number(Int(number))
        case (.stream, .number(let flag)), (.estimated, .number(let flag)): .bool(flag == 1)
        default: .string(label(value))
        }
    }

    private static func written(_ microseconds: Int64) -> String {
        WallTime(microseconds: microseconds).description
    }
}
