import PluginAPI

/// What has passed of a body, up to a bound. One thread uses it at a time.
final class CapturedBody {
    private let bytes = JSONBuffer(capacity: 1024)
    /// More has passed than is kept.
    private var isCut = false
    private var hasBegun = false
    private var hasEnded = false

    var isEmpty: Bool { bytes.count == 0 }
    /// Whether there was more of it, or would have been had it not been broken off.
    var isTruncated: Bool { isCut || hasBegun && !hasEnded }

    func append(_ run: Span<UInt8>, isLast: Bool, limit: Int) {
        hasBegun = true
        hasEnded = isLast
        let count = min(run.count, limit - bytes.count)
        if count < run.count { isCut = true }
        guard count > 0 else { return }
        run.withUnsafeBufferPointer { bytes.append(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }

    /// What is kept, without the part of a character with which it was cut off.
    var text: UnsafeBufferPointer<UInt8> {
        let all = bytes.bytes
        guard isTruncated else { return all }
        // A character has four bytes at most (RFC 3629 §3): the last one's first byte is among these.
        var begin = all.count
        while begin > 0, all.count - begin < 4 {
            begin -= 1
            let byte = all[begin]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return begin + length > all.count ? UnsafeBufferPointer(rebasing: all[..<begin]) : all
        }
        return all
    }

    /// - Parameter limit: what of its memory is kept.
    func reset(keepingAtMost limit: Int) {
        bytes.removeAll(keepingAtMost: limit)
        (isCut, hasBegun, hasEnded) = (false, false, false)
    }
}
