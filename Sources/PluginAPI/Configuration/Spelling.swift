/// Finds what a person probably meant to write.
package enum Spelling {
    /// The known word nearest to the written one; nil when none is near.
    package static func nearest(to written: String, among known: [String]) -> String? {
        // Long words make the table large and are no slip of the finger.
        guard written.utf8.count <= 64 else { return nil }
        let folded = Array(written.lowercased().unicodeScalars)
        var best: (word: String, distance: Int)?
        for word in known {
            let distance = distance(folded, Array(word.lowercased().unicodeScalars))
            if distance < best?.distance ?? .max { best = (word, distance) }
        }
        if let best, best.distance <= max(1, folded.count / 3) { return best.word }
        // `conf` for `config`.
        let longer = known.filter { $0.lowercased().unicodeScalars.starts(with: folded) }
        return folded.count >= 3 && longer.count == 1 ? longer[0] : nil
    }

    /// `limit, window, key, mode…`
    package static func list(_ words: [String], atMost limit: Int = .max) -> String {
        words.isEmpty
            ? "none"
            : words.prefix(limit).joined(separator: ", ") + (words.count > limit ? "…" : "")
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + Array(repeating: 0, count: right.count)
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                current[column] = min(
                    last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    current[column] = min(current[column], beforeLast[column - 2] + 1)
                }
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
