/// A text file of networks: one network or address a line; `#` begins a comment.
enum NetworkFile {
    private static let mostErrors = 10

    /// - Parameters:
    ///   - path: as written in the configuration.
    ///   - setting: the key that names the file, which errors point to.
    static func read(_ path: String, setting: String, _ setup: Setup) throws(ConfigurationError)
        -> [Network]
    {
        let bytes = try setup.contents(of: path, setting: setting)
        var networks: [Network] = []
        var errors: [String] = []
        var wrong = 0
        bytes.withUnsafeBufferPointer { bytes in
            var rest = bytes[...]
            var number = 0
            while !rest.isEmpty {
                number += 1
                let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
                let text = text(of: rest[..<end])
                rest = rest[end...].dropFirst()
                if text.isEmpty { continue }
                if let network = Network(text) {
                    networks.append(network)
                } else {
                    wrong += 1
                    if wrong <= mostErrors { errors.append("\(path):\(number): \(error(text))") }
                }
            }
        }
        if wrong > mostErrors { errors.append("\(path): \(wrong - mostErrors) more wrong lines") }
        guard errors.isEmpty else {
            throw ConfigurationError(errors.map { ConfigurationError(setting: setting, $0) })
        }
        return networks
    }

    /// The line without its comment and the white space around.
    private static func text(of line: Slice<UnsafeBufferPointer<UInt8>>) -> UnsafeBufferPointer<
        UInt8
    > {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        var text = line.prefix { $0 != UInt8(ascii: "#") }
        while let last = text.last, isSpace(last) { text.removeLast() }
        return UnsafeBufferPointer(rebasing: text.drop(while: isSpace))
    }

    private static func error(_ line: UnsafeBufferPointer<UInt8>) -> String {
        let text = String(decoding: line, as: UTF8.self)
        let hint = Network.suggestion(text).map { "; did you mean \"\($0)\"?" } ?? ""
        return "expected \(Network.settingType.expected), found "
            + "\(JSONValue.string(text).abbreviated)\(hint)"
    }
}
