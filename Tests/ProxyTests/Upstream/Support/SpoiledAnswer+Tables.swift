/// What spoiled answers are made of. Lines have no ends.
extension SpoiledAnswer {
    private static func table(_ lines: String...) -> [[UInt8]] {
        // One byte for each character.
        lines.map { $0.unicodeScalars.map { UInt8($0.value) } }
    }

    static let lineEnd: [UInt8] = [0x0D, 0x0A]
    static let contentLength = Array("Content-Length: ".utf8)
    static let chunked = Array("Transfer-Encoding: chunked".utf8)
    static let zeros = Array("0000".utf8)
    static let lengths = [0, 1, 3, 10, 16, 40, 200]
    static let nasty = table("\0\t\n\u{B} \"+,-:;=0123456789aAfFxX\u{7F}\u{80}\u{FF}\r\n\r\n")[0]

    static let oddLineEnds = table(
        "\n", "\r", "\r\r\n", "\n\r", "", " \r\n", "\t\r\n", "\r\n\r\n", "\0\r\n")

    static let statusLines = table(
        "HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200",
        "HTTP/1.1 201 Created", "HTTP/1.1 204 No Content", "HTTP/1.1 206 Partial Content",
        "HTTP/1.1 301 Moved Permanently", "HTTP/1.1 304 Not Modified", "HTTP/1.1 400 Bad Request",
        "HTTP/1.1 401 Unauthorized", "HTTP/1.1 404 Not Found",
        "HTTP/1.1 407 Proxy Authentication Required",
        "HTTP/1.1 408 Request Timeout", "HTTP/1.1 413 Content Too Large", "HTTP/1.1 416 Range",
        "HTTP/1.1 417 Expectation Failed", "HTTP/1.1 205 Reset Content",
        "HTTP/1.1 429 Too Many Requests", "HTTP/1.1 500 Internal", "HTTP/1.1 503 Unavailable",
        "HTTP/1.1 599 x", "HTTP/1.0 200 OK", "HTTP/1.0 404 Not Found",
        "HTTP/1.1 200 \u{E4}\u{FF}\t!")

    static let oddStatusLines = table(
        "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 20 OK", "HTTP/1.1 99 Low", "HTTP/1.1 099 Low", "HTTP/1.1 000 None",
        "HTTP/1.1 600 High",
        "HTTP/1.1 999 High", "HTTP/1.1 +20 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 OK",
        "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.2 200 OK", "HTTP/1.9 200 OK", "HTTP/1.10 200 OK",
        "HTTP/1. 200 OK",
        "HTTP/11.1 200 OK", "HTTP/2 200 OK", "HTTP/2 200", "HTTP/2.0 200 OK", "HTTP/3 200 OK",
        "HTTP/0.9 200 OK", "HTTP/4.1 200 OK", "http/1.1 200 OK", "Http/1.1 200 OK",
        "HTTP /1.1 200 OK",
        "HTTP/1.1 200 \0", "HTTP/1.1 200 a\u{1}b", "HTTP/1.1 200 a\rb", " HTTP/1.1 200 OK", "",
        "\r\nHTTP/1.1 200 OK", "ICY 200 OK", "RTSP/1.0 200 OK", "HTTP", "H", "SSH-2.0-OpenSSH_9.2",
        "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 100 Continue", "HTTP/1.1 102 Processing",
        "HTTP/1.1 199 x", "HTTP/1.1:200 OK", "HTTP/1.1 2 00 OK")

    static let informational = table(
        "HTTP/1.1 103 Early Hints", "HTTP/1.1 100 Continue", "HTTP/1.1 102 Processing",
        "HTTP/1.1 199",
        "HTTP/1.1 100 ")

    static let oddInformational = table(
        "HTTP/1.1 101 Switching Protocols", "HTTP/1.0 100 Continue", "HTTP/2 103 Early Hints",
        "HTTP/1.1 1000")

    static let fields = table(
        "X-A: b", "Server:nginx", "Empty:", "Spaces: \t ", "x-tab:\tv\tw \t",
        "X-High: \u{E4}\u{80}\u{FF}",
        "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d", "Content-Type: text/plain; charset=\"utf-8\"",
        "Connection: close", "Connection: keep-alive", "connection: Keep-Alive, x",
        "Connection: x, CLOSE",
        "Connection: close, keep-alive", "Connection:", "Proxy-Connection: keep-alive",
        "Proxy-Connection: close", "Keep-Alive: timeout=5, max=100", "Trailer: X-T",
        "Content-Encoding: gzip",
        "Content-Encoding: chunked", "Location: /elsewhere",
        "WWW-Authenticate: Basic realm=\"a:b\"",
        "Retry-After: 120", "Upgrade: h2c", "TE: trailers", "Alt-Svc: h2=\":443\"",
        "Content-Range: bytes 0-4/5", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
        "!#$%&'*+-.^_`|~1: t",
        "Date: now", "a:b:c", "Content-Lengths: 7", "X-Content-Length: 7", "Content-Length-X: 7",
        "Strict-Transport-Security: max-age=1", "Transfer-Encodings: chunked")

    static let oddFields = table(
        " folded", "\tfolded", "X-Fold: a\r\n b", "X-Fold: a\r\n\tContent-Length: 3", "no colon",
        ": no name",
        "Na me: v", "Name : v", "Name\t: v", "Content-Length : 5", "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked", "X\0: v", "X: a\0b", "X: a\rb", "X: a\u{1}b", "X: \u{7F}",
        "X: \u{8}",
        "X\u{80}: v", "X(: v", "X\"y\": v", "X@y: v", "{}: v", "X: a\nb", "X: a\nContent-Length: 3",
        "\u{B}X: v",
        "X: a\r\rb", "HTTP/1.1 200 OK", "GET / HTTP/1.1", "Connection : close",
        "Connection: \u{1}close")

    static let oddFraming = table(
        "Content-Length: 5", "Content-Length: 0", "Content-Length: 10", "content-length:5",
        "Content-Length:",
        "Content-Length: -5", "Content-Length: +5", "Content-Length: 5 ", "Content-Length: 5x",
        "Content-Length: x5", "Content-Length: 0x5", "Content-Length: 5, 5", "Content-Length: 5,5",
        "Content-Length: 5, 6", "Content-Length: 5,", "Content-Length: ,5", "Content-Length: 5 5",
        "Content-Length: 5;5", "Content-Length: 5.0", "Content-Length: 1e1",
        "Content-Length: \"5\"",
        "Content-Length: 99999999999999999999", "Content-Length: 9223372036854775807",
        "Content-Length: 9223372036854775808", "Content-Length: 18446744073709551621",
        "Content-Length: 00000000000000000000000000005", "Content-Length: 4294967301",
        "Transfer-Encoding: chunked", "transfer-encoding:chunked", "Transfer-Encoding: Chunked",
        "Transfer-Encoding: CHUNKED", "Transfer-Encoding: chunked ", "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chun", "Transfer-Encoding: chunked x", "Transfer-Encoding:",
        "Transfer-Encoding: ,",
        "Transfer-Encoding: identity", "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: deflate",
        "Transfer-Encoding: x, chunked",
        "Transfer-Encoding: x", "Transfer-Encoding: \u{B}chunked",
        "Transfer-Encoding: chunked\u{1}",
        "Transfer-Encoding: chunked\r\n ", "Transfer-Encoding:\r\n chunked", "Content-Length:\r\n 5"
    )

    static let chunkedSpellings = table(
        "transfer-encoding:chunked", "TRANSFER-ENCODING: CHUNKED",
        "Transfer-Encoding: \t chunked\t ",
        "Transfer-Encoding:Chunked")

    static let oddSizes = table(
        "", " ", "0x5", "5 ", " 5", "-5", "+5", "5x", "g", "5,5", "5 5", "FFFFFFFFFFFFFFFF",
        "7FFFFFFFFFFFFFFF", "8000000000000000", "7FFFFFFFFFFFFFFE", "10000000000000005",
        "00000000000000005", "0000000000000005", "FFFFFFFFFFFFFFFFF", "100000005", "5\t", "5\0",
        "5\"", "\t5",
        "5:", "5=a", "\u{B}5", "80000000", "FFFFFFFF", "5\u{80}")

    static let extensions = table(
        ";a", ";a=b", ";a=\"b c\"", ";a=\"b;c\"", " ;a", "\t; a = b", ";", ";;", ";a=\u{E4}",
        ";a=\"")

    static let oddExtensions = table(
        ";a=\u{1}", ";a=\"\r\n\"", ";a\0", ";a\u{7F}", " a", ";a\nb", ";a=\"\n\"", ";a\rb")

    static let lastChunks = table("0", "0", "0", "0", "00", "0000", "0;a=b", "0 ;a")

    static let oddLastChunks = table(
        "-0", "+0", "0x0", "00000000000000000", "0 ", " 0", "", "0\0", "0,", "0\t", "x", "0;\u{1}")

    static let trailers = table(
        "Content-Length: 5", "Transfer-Encoding: chunked", "Host: a", "Content-Type: text/plain",
        "Connection: close", "Set-Cookie: a=b", "X-T: 1", "Trailer: x", "Keep-Alive: x",
        "ETag: \"a\"")

    static let behind = table(
        "\r\n", "\n", "x", "\0", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", "0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n")

    static let framingLike = table(
        "\r\n", "0\r\n\r\n", "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "5\r\n",
        "\n", "\r", "\0",
        "HTTP/1.1 200 OK\r\n\r\n", "X: y\r\n")
}
