import PluginAPI

/// Text of a record in UTF-8, without escapes. It is valid until the next record is read.
package struct RecordText {
    package let bytes: UnsafeBufferPointer<UInt8>

    package var string: String { String(decoding: bytes, as: UTF8.self) }

    package static func == (left: RecordText, right: StaticString) -> Bool {
        ASCII.equals(
            left.bytes,
            UnsafeBufferPointer(start: right.utf8Start, count: right.utf8CodeUnitCount))
    }
}
