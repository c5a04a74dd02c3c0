import Glibc

extension UnsafeBufferPointer<UInt8> {
    /// Where the first line ends that ends at this place or after it: at its newline.
    func lineEnd(from place: Int = 0) -> Int? {
        guard place < count, let base = baseAddress,
            let found = memchr(base + place, 0x0A, count - place)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// How many lines end here.
    var lineCount: Int {
        var (lines, place) = (0, 0)
        while let end = lineEnd(from: place) {
            lines += 1
            place = end + 1
        }
        return lines
    }
}
