/// Some of the fields that the engine treats specially.
@usableFromInline
package struct FieldIDSet: OptionSet, Sendable {
    @usableFromInline package let rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable
    package init(_ id: FieldID) { rawValue = 1 << UInt32(id.rawValue) }
}
