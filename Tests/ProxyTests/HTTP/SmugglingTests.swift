import PluginAPI
import Proxy
import Testing

/// Requests that two readers could end at different bytes. Each must be refused.
@Suite("Request smuggling")
struct SmugglingTests {
    @Test(
        "fields that leave the body's end in doubt are refused",
        arguments: [
            // CL.TE and TE.CL
            (["Content-Length: 5", "Transfer-Encoding: chunked"], .ambiguousLength),
            (["Transfer-Encoding: chunked", "Content-Length: 5"], .ambiguousLength),
            (["Transfer-Encoding: chunked", "Content-Length: 0"], .ambiguousLength),
            // TE.TE: one of two readers is to overlook the coding
            (["Transfer-Encoding: xchunked"], .unsupportedTransferEncoding),
            (["Transfer-Encoding: identity"], .unsupportedTransferEncoding),
            (["Transfer-Encoding: gzip, chunked"], .unsupportedTransferEncoding),
            (
                ["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"],
                .unsupportedTransferEncoding
            ),
            (
                ["Transfer-Encoding: cow", "Transfer-Encoding: chunked"],
                .unsupportedTransferEncoding
            ),
            (["Transfer-Encoding: gzip;q=1"], .unsupportedTransferEncoding),
            (["Transfer-Encoding: chunked, chunked"], .malformedTransferEncoding),
            (
                ["Transfer-Encoding: chunked", "transfer-encoding: chunked"],
                .malformedTransferEncoding
            ),
            (["Transfer-Encoding: chunked, gzip"], .malformedTransferEncoding),
            (
                ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
                .malformedTransferEncoding
            ),
            (["Transfer-Encoding: chunked;q=1"], .malformedTransferEncoding),
            (["Transfer-Encoding: chunked ;"], .malformedTransferEncoding),
            (["Transfer-Encoding: ,chunked"], .malformedTransferEncoding),
            (["Transfer-Encoding: chunked,"], .malformedTransferEncoding),
            (["Transfer-Encoding:"], .malformedTransferEncoding),
            (["Transfer-Encoding: \"chunked\""], .malformedTransferEncoding),
            (["Transfer-Encoding: chunked\u{A0}"], .malformedTransferEncoding),
            (["Transfer-Encoding: chunked chunked"], .malformedTransferEncoding),
            (["Transfer-Encoding: \u{B}chunked"], .malformedFieldValue),
            (["Transfer-Encoding: \0chunked"], .malformedFieldValue),
            (["Transfer-Encoding : chunked"], .malformedFieldName),
            (["Transfer-Encoding\t: chunked"], .malformedFieldName),
            (["Transfer-Encoding\0: chunked"], .malformedFieldName),
            (["Transfer-Encoding:\r\n chunked"], .malformedTransferEncoding),
            (["X: y\nTransfer-Encoding: chunked"], .malformedLineEnd),
            (["X: y\rTransfer-Encoding: chunked"], .malformedLineEnd),
            ([" Transfer-Encoding: chunked"], .foldedField),
            // Lengths that are not one number
            (["Content-Length: 5", "Content-Length: 5"], .repeatedContentLength),
            (["Content-Length: 5", "content-length: 6"], .repeatedContentLength),
            (["Content-Length: 5, 5"], .malformedContentLength),
            (["Content-Length: 5,"], .malformedContentLength),
            (["Content-Length: +5"], .malformedContentLength),
            (["Content-Length: -5"], .malformedContentLength),
            (["Content-Length: 0x5"], .malformedContentLength),
            (["Content-Length: 5 5"], .malformedContentLength),
            (["Content-Length: 5.0"], .malformedContentLength),
            (["Content-Length: 5e1"], .malformedContentLength),
            (["Content-Length:"], .malformedContentLength),
            (["Content-Length: five"], .malformedContentLength),
            (["Content-Length: ٥"], .malformedContentLength),
            (["Content-Length: 9223372036854775808"], .malformedContentLength),
            (["Content-Length: 18446744073709551621"], .malformedContentLength),
            (["Content-Length : 5"], .malformedFieldName),
            (["Content-Length: 5\u{B}"], .malformedFieldValue),
            (["Content-Length:\r\n 5"], .malformedContentLength),
            (["Content-Length: 1\r\n 5"], .foldedField),
        ] as [([String], HTTPError)])
    func doubtfulFraming(fields: [String], error: HTTPError) {
        let lines = (["Host: a"] + fields).map { $0 + "\r\n" }.joined()
        #expect(ReadHead.request("POST / HTTP/1.1\r\n\(lines)\r\n").error == error)
    }

    @Test("a transfer coding in HTTP/1.0 is refused")
    func transferEncodingInHTTP10() {
        #expect(
            ReadHead.request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").error
                == .transferEncodingInHTTP10)
    }

    @Test(
        "chunks that two readers could end at different bytes are refused",
        arguments: [
            ("5\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("5\rhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("5 \r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            (" 5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("+5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("-5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("0x5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("5,5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("\r\n5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("g\r\n", .malformedChunkSize),
            (";ext\r\n", .malformedChunkSize),
            ("5 5\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("8000000000000000\r\n", .chunkSizeTooLarge),
            ("ffffffffffffffff\r\n", .chunkSizeTooLarge),
            ("10000000000000005\r\nhello\r\n0\r\n\r\n", .chunkSizeTooLarge),
            ("00000000000000005\r\nhello\r\n0\r\n\r\n", .chunkSizeTooLarge),
            ("5;a\nb\r\nhello\r\n0\r\n\r\n", .malformedChunkExtension),
            ("5;a\0\r\nhello\r\n0\r\n\r\n", .malformedChunkExtension),
            ("5;a\rb\r\nhello\r\n0\r\n\r\n", .malformedChunkSize),
            ("5\r\nhelloX\r\n0\r\n\r\n", .malformedChunkEnd),
            ("5\r\nhello\n0\r\n\r\n", .malformedChunkEnd),
            ("5\r\nhello\rX0\r\n\r\n", .malformedChunkEnd),
            ("5\r\nhello0\r\n\r\n", .malformedChunkEnd),
            ("0\r\n\n", .malformedLineEnd),
            ("0\r\nX: y\n\r\n", .malformedLineEnd),
            ("0\r\nContent-Length: 5\r\n\r\n", .forbiddenTrailer),
            ("0\r\nTransfer-Encoding: chunked\r\n\r\n", .forbiddenTrailer),
            ("0\r\nHost: b\r\n\r\n", .forbiddenTrailer),
        ] as [(String, HTTPError)])
    func doubtfulChunks(text: String, error: HTTPError) {
        for takesTrailers in [true, false] {
            #expect(
                ReadBody.read(text, .chunked, takesTrailers: takesTrailers).error == error)
        }
    }
}
