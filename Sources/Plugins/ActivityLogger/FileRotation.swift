import Glibc
import PluginAPI

/// When a file of records is renamed to `NAME.20260131T120000Z` and begun anew.
public struct FileRotation: SettingsObject {
    @Setting("size", "The largest size of a file.", in: .kibibytes(1)...)
    public var size: ByteSize?

    @Setting("age", "How long after its first record a file is ended.", in: .seconds(1)...)
    public var age: Duration?

    @Setting("keep", "How many ended files stay; older ones are deleted.", in: 1...)
    public var keep: Int?

    public init() {}

    public func validate() throws(ConfigurationError) {
        if keep != nil, size == nil, age == nil {
            throw ConfigurationError(
                setting: "keep", "keep does nothing without size or age; add one of them")
        }
    }
}

// MARK: When

extension FileRotation {
    /// Whether a file of that size cannot take one more line.
    func isFull(_ currentSize: Int, before lines: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let size else { return false }
        return currentSize + Self.firstLine(of: lines).count > size.bytes
    }

    func isTooOld(since begin: WallTime?, at now: WallTime) -> Bool {
        guard let age, let begin else { return false }
        return now.microseconds - begin.microseconds >= age.nanoseconds / 1000
    }

    /// The whole lines that a file of that size can take, at least one.
    func run(of lines: UnsafeBufferPointer<UInt8>, afterSize currentSize: Int)
        -> UnsafeBufferPointer<UInt8>
    {
        guard let size, currentSize + lines.count > size.bytes else { return lines }
        let room = lines.prefix(max(0, size.bytes - currentSize))
        guard let end = room.lastIndex(of: UInt8(ascii: "\n")) else {
            return Self.firstLine(of: lines)
        }
        return UnsafeBufferPointer(rebasing: lines[...end])
    }

    private static func firstLine(of lines: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<
        UInt8
    > {
        guard let end = lines.lineEnd() else { return lines }
        return UnsafeBufferPointer(rebasing: lines[...end])
    }
}

// MARK: How

extension FileRotation {
    /// Renames the file, and deletes the oldest of those renamed before when there are too many.
    /// - Returns: why it could not be renamed; nil when it has been.
    func rename(_ path: String, at now: WallTime) -> SinkFailure? {
        let ended = Self.freeName(path, at: now)
        guard Glibc.rename(path, ended) == 0 else {
            return SinkFailure(operation: "rename", code: errno)
        }
        if let keep { deleteOldest(of: path, keeping: keep) }
        return nil
    }

    /// A name that no file has: of a second's second file it ends in `-001`.
    private static func freeName(_ path: String, at now: WallTime) -> String {
        let stamp = now.withText { text in
            let second = text.prefix(19).filter {
                $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":")
            }
            return String(decoding: second, as: UTF8.self) + "Z"
        }
        let name = "\(path).\(stamp)"
        guard SystemFile.status(of: name) != nil else { return name }
        for number in 1...999 {
            let digits = String(number)
            let numbered = "\(name)-\(String(repeating: "0", count: 3 - digits.count))\(digits)"
            if SystemFile.status(of: numbered) == nil { return numbered }
        }
        return "\(name)-\(now.microseconds)"
    }

    private func deleteOldest(of path: String, keeping keep: Int) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        // Sorted by name is sorted by time.
        let ended = SystemFile.names(in: folder).filter { Self.isEnded($0, of: name) }.sorted()
        for old in ended.dropLast(keep) { unlink(folder + old) }
    }

    /// Whether it is a name that `freeName` makes: nothing else is ever deleted.
    private static func isEnded(_ candidate: String, of name: String) -> Bool {
        guard candidate.hasPrefix(name + ".") else { return false }
        let stamp = Array(candidate.dropFirst(name.count + 1).utf8)
        let shape = Array("00000000T000000Z".utf8)
        guard stamp.count >= shape.count else { return false }
        func fits(_ byte: UInt8, _ wanted: UInt8) -> Bool {
            wanted == UInt8(ascii: "0") ? byte &- 0x30 < 10 : byte == wanted
        }
        let tail = stamp.dropFirst(shape.count)
        return zip(stamp, shape).allSatisfy(fits)
            && (tail.isEmpty
                || tail.first == UInt8(ascii: "-")
                    && tail.dropFirst().allSatisfy { $0 &- 0x30 < 10 } && tail.count > 3)
    }
}
