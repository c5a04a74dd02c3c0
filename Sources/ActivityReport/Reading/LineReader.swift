import Glibc

/// Takes bytes in runs of any size, and hands out their lines one by one.
///
/// Nothing is kept but the beginning of a line whose end has not come yet. One thread uses it.
package struct LineReader {
    /// In bytes.
    let longestLine: Int
    /// Of the line that has been handed out last, from 1 on.
    package private(set) var lineNumber = 0
    /// The beginning of a line.
    private var pending: [UInt8] = []
    /// The line is too long, and its rest is to be passed over.
    private var isPassingOver = false

    package init(longestLine: Int = 16 << 20) { self.longestLine = longestLine }

    /// Takes the next bytes.
    /// - Parameter body: called with each line that ends in them, without its line break, which is valid
    ///   during the call; nil for one that is too long.
    package mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>?, _ lineNumber: Int) throws -> Void
    ) rethrows {
        guard var start = bytes.baseAddress else { return }
        let end = start + bytes.count
        while start < end, let found = memchr(start, 0x0A, end - start) {
            let lineBreak = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
            let line = UnsafeBufferPointer(start: start, count: lineBreak - start)
            start = lineBreak + 1
            if pending.isEmpty, !isPassingOver {
                lineNumber += 1
                try body(line.count <= longestLine ? line : nil, lineNumber)
            } else {
                keep(line)
                try endLine(body)
            }
        }
        if start < end { keep(UnsafeBufferPointer(start: start, count: end - start)) }
    }

    /// Nothing more comes: what is left is the last line, without a line break.
    package mutating func end(
        _ body: (UnsafeBufferPointer<UInt8>?, _ lineNumber: Int) throws -> Void
    ) rethrows {
        if !pending.isEmpty || isPassingOver { try endLine(body) }
    }

    /// Forgets the beginning of a line whose end will never come, as after a truncation.
    mutating func discardUnfinishedLine() {
        pending.removeAll()
        isPassingOver = false
    }

    private mutating func keep(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !isPassingOver else { return }
        guard pending.count + bytes.count <= longestLine else {
            pending = []
            isPassingOver = true
            return
        }
        pending.append(contentsOf: bytes)
    }

    private mutating func endLine(
        _ body: (UnsafeBufferPointer<UInt8>?, _ lineNumber: Int) throws -> Void
    ) rethrows {
        lineNumber += 1
        let line = pending
        pending.removeAll(keepingCapacity: line.count <= 1 << 20)
        if isPassingOver {
            isPassingOver = false
            try body(nil, lineNumber)
        } else {
            try line.withUnsafeBufferPointer { try body($0, lineNumber) }
        }
    }
}
