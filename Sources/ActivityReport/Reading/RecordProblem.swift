/// Why a line is no record. Plain numbers and static text: in a foreign file every line has one.
package struct RecordProblem: Error {
    /// The key whose value is wrong; nil when the line as a whole is.
    let key: StaticString?
    let expected: StaticString
    /// In bytes from the line's beginning.
    let offset: Int

    package init(key: StaticString?, expected: StaticString, offset: Int) {
        self.key = key
        self.expected = expected
        self.offset = offset
    }

    /// `status: expected a whole number or null, found "fast","upst… (column 17)`
    package func description(in line: UnsafeBufferPointer<UInt8>) -> String {
        let rest = line.dropFirst(offset)
        let limit = 24
        let found =
            rest.isEmpty
            ? "the line's end"
            : DisplayText.visible(String(decoding: rest.prefix(limit), as: UTF8.self))
                + (rest.count > limit ? "…" : "")
        return (key.map { "\($0): " } ?? "")
            + "expected \(expected), found \(found) (column \(offset + 1))"
    }
}
