import PluginAPI

/// Media types that are accepted: `application/json`, `application/*`, `application/*+json`, `*/*`.
///
/// Types are compared without case (RFC 9110 §8.3.1), and parameters do not count.
package struct MediaTypePattern: Sendable {
    /// As written.
    let text: String
    /// Nil for any.
    private let type: [UInt8]?
    /// What the subtype begins and ends with, around the `*`; all of it, and nil, where there is none.
    private let beginning: [UInt8]
    private let ending: [UInt8]?

    /// Nil when it is no pattern of media types.
    init?(_ text: String) {
        let halves = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy(MediaType.isToken) else { return nil }
        let star = UInt8(ascii: "*")
        let parts = halves[1].split(separator: star, omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        if halves[0].contains(star) {
            // `*/json` is no media range (RFC 9110 §12.5.1), and means nothing.
            guard text == "*/*" else { return nil }
            type = nil
        } else {
            type = Array(halves[0])
        }
        self.text = text
        beginning = Array(parts[0])
        ending = parts.count == 2 ? Array(parts[1]) : nil
    }

    func matches(_ media: MediaType) -> Bool {
        if let type, !Self.areEqual(media.type, type) { return false }
        let subtype = media.subtype
        guard let ending else { return Self.areEqual(subtype, beginning) }
        return subtype.count >= beginning.count + ending.count
            && Self.areEqual(.init(rebasing: subtype.prefix(beginning.count)), beginning)
            && Self.areEqual(.init(rebasing: subtype.suffix(ending.count)), ending)
    }

    private static func areEqual(_ bytes: UnsafeBufferPointer<UInt8>, _ wanted: [UInt8]) -> Bool {
        wanted.withUnsafeBufferPointer { ASCII.equalsIgnoringCase(bytes, $0) }
    }
}

extension MediaTypePattern: SettingValue {
    package static var settingType: SettingType {
        .notation(
            "media type",
            expected:
                #"a media type such as "application/json" or "application/*", without parameters"#,
            pattern: #"^(\*/\*|[!#$%&'+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+)$"#)
    }

    package init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = MediaTypePattern(text) else {
            let bare = value.string?.prefix { $0 != ";" && $0 != " " }
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: bare.flatMap { MediaTypePattern(String($0))?.text })
        }
        self = read
    }

    package var settingJSON: JSONValue { .string(text) }
}

/// The type and the subtype of a Content-Type field, valid as long as its bytes.
struct MediaType {
    let type: UnsafeBufferPointer<UInt8>
    let subtype: UnsafeBufferPointer<UInt8>

    /// Nil when the value does not begin with a media type (RFC 9110 §8.3.1).
    init?(_ value: UnsafeBufferPointer<UInt8>) {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var essence = value[...]
        if let semicolon = essence.firstIndex(of: UInt8(ascii: ";")) {
            essence = essence[..<semicolon]
        }
        while let first = essence.first, isSpace(first) { essence.removeFirst() }
        while let last = essence.last, isSpace(last) { essence.removeLast() }
        guard let slash = essence.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let (type, subtype) = (essence[..<slash], essence[(slash + 1)...])
        guard Self.isToken(type), Self.isToken(subtype) else { return nil }
        self.type = UnsafeBufferPointer(rebasing: type)
        self.subtype = UnsafeBufferPointer(rebasing: subtype)
    }

    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(ASCII.isTokenByte)
    }
}
