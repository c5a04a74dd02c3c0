import PluginAPI

/// Learns of the fields that the engine knows, as they are read.
protocol FieldReader {
    /// The error when the field cannot stand in this message.
    mutating func read(_ id: FieldID, _ value: UnsafeBufferPointer<UInt8>) -> HTTPError?
}
