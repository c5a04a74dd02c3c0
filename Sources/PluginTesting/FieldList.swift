import PluginAPI

/// The fields of a head at one moment.
public struct FieldList: Sendable {
    /// In order, with their repetitions.
    public let fields: [(name: String, value: String)]

    init(_ headers: Headers) {
        fields = headers.places.map {
            (headers.name(at: $0).string, headers.value(at: $0).string)
        }
    }

    /// The first value of a field, whatever the case of its name.
    public subscript(name: String) -> String? { values(of: name).first }

    public func values(of name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    public var names: [String] { fields.map(\.name) }
}
