import PluginAPI

extension StaticString {
    @inline(__always)
    var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension UnsafeBufferPointer<UInt8> {
    @inline(__always)
    func equals(_ text: StaticString) -> Bool { ASCII.equals(self, text.bytes) }

    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        ASCII.equalsIgnoringCase(self, text.bytes)
    }

    /// The bytes of `range`, as a buffer of their own.
    @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self[range])
    }
}
