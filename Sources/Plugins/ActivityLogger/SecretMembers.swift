import PluginAPI

import Glibc

/// The members of JSON objects whose strings a record does not show.
///
/// They are found in the text as it is: it may be cut off, be several JSON texts with something between
/// them (a stream of events), or be no JSON at all. Only what stands in quotes is looked at.
struct SecretMembers: Sendable {
    /// In lower case.
    private let names: [[UInt8]]

    /// - Parameter names: compared without regard to the case of ASCII letters.
    init(_ names: [String]) {
        self.names = names.map { $0.utf8.map(Self.lowercased) }
    }

    /// Appends the text as it stands between the quotes of a JSON string, with `[redacted]` in the place
    /// of what these members say.
    func append(_ text: UnsafeBufferPointer<UInt8>, to line: JSONBuffer) {
        var shown = 0
        var place = 0
        while !names.isEmpty, let quote = Self.quote(in: text, from: place) {
            let begin = quote + 1
            guard let end = Self.endOfString(in: text, from: begin, mayHoldLineEnds: false) else {
                break
            }
            place = end + 1
            // What was no string, as in text that is no JSON, ends at the line's end.
            guard text[end] == UInt8(ascii: "\""), let value = Self.value(in: text, after: end),
                names.contains(where: { Self.equal($0, text[begin..<end]) })
            else { continue }
            // Rather too much than too little: a secret ends at its quote, or never.
            let valueEnd =
                Self.endOfString(in: text, from: value, mayHoldLineEnds: true) ?? text.count
            line.appendEscaped(UnsafeBufferPointer(rebasing: text[shown..<value]))
            line.append("[redacted]")
            shown = valueEnd
            place = min(valueEnd + 1, text.count)
        }
        line.appendEscaped(UnsafeBufferPointer(rebasing: text[shown...]))
    }

    /// Where the next string begins.
    private static func quote(in text: UnsafeBufferPointer<UInt8>, from place: Int) -> Int? {
        guard place < text.count,
            let found = memchr(text.baseAddress! + place, 0x22, text.count - place)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(text.baseAddress!)
    }

    /// The closing quote, or the line's end where that comes first and may not be in the string.
    private static func endOfString(
        in text: UnsafeBufferPointer<UInt8>, from begin: Int, mayHoldLineEnds: Bool
    ) -> Int? {
        var place = begin
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\""): return place
            case UInt8(ascii: "\n") where !mayHoldLineEnds: return place
            case UInt8(ascii: "\\"): place += 2
            default: place += 1
            }
        }
        return nil
    }

    /// Where the string begins that is the value of the member whose name ends there; nil when that is
    /// no name, or the value no string.
    private static func value(in text: UnsafeBufferPointer<UInt8>, after nameEnd: Int) -> Int? {
        guard let colon = afterSpace(in: text, from: nameEnd + 1), text[colon] == UInt8(ascii: ":"),
            let quote = afterSpace(in: text, from: colon + 1), text[quote] == UInt8(ascii: "\"")
        else { return nil }
        return quote + 1
    }

    private static func afterSpace(in text: UnsafeBufferPointer<UInt8>, from place: Int) -> Int? {
        text[min(place, text.count)...].firstIndex { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
    }

    private static func equal(
        _ name: [UInt8], _ written: Slice<UnsafeBufferPointer<UInt8>>
    ) -> Bool {
        name.count == written.count
            && zip(name, written).allSatisfy { $0 == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
