import Foundation

/// Tells why a command could not do its work.
enum FailureReport {
    static func write(_ message: String) {
        FileHandle.standardError.write(Data("sluice: \(message)\n".utf8))
    }
}
