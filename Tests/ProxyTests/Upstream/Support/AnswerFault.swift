/// What is wrong with an answer: the rules of RFC 9112 that are found broken in practice.
///
/// docs/decisions/answers-read-strictly.md says of each why it is refused.
enum AnswerFault: String, CaseIterable {
    // Lines and fields
    case bareLineFeed = "a line that ends in LF alone"
    case bareCarriageReturn = "a CR that ends no line"
    case control = "a control byte"
    case statusLine = "a status line that is none"
    case foldedLine = "a folded line"
    case fieldName = "a field name that is none"

    // Framing
    case length = "a Content-Length that is no length"
    case lengths = "two lengths"
    case lengthAndCoding = "a length and a coding"
    case coding = "a Transfer-Encoding other than chunked"
    case codingInHTTP10 = "a Transfer-Encoding in HTTP/1.0"
    case switchedProtocols = "a switch of protocols that nobody asked for"

    // Chunks
    case chunkSize = "a chunk size that is none"
    case chunkSizeDigits = "a chunk size of too many digits"
    case chunkEnd = "a chunk that does not end where it says"
    case framingTrailer = "a trailer that frames or routes"
}
