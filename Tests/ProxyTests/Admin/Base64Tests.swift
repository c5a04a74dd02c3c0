import Foundation
import PluginAPI
import Testing

@testable import Proxy

@Suite("Base64")
struct Base64Tests {
    @Test("bytes of every length are written as Foundation writes them")
    func lengths() {
        for length in 0...67 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: 37 &* $0 &+ length) }
            #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
        }
    }

    @Test("a digest is written with its first byte first")
    func digest() {
        // The digest of no bytes, as FIPS 180-4's examples have it.
        #expect(
            Base64.encode(SHA256("")) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    }
}
