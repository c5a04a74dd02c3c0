/// What is wrong with a message.
package enum HTTPError: Error, Sendable, CaseIterable {
    // The start line
    case malformedRequestLine
    case malformedMethod
    case malformedTarget
    case malformedVersion
    case unsupportedVersion
    case unsupportedMethod
    case requestLineTooLong
    case malformedStatusLine
    case statusLineTooLong

    // Fields
    case malformedLineEnd
    case malformedFieldName
    case malformedFieldValue
    case foldedField
    case headersTooLarge
    case tooManyHeaders
    case missingHost
    case repeatedHost
    case malformedHost

    // Framing
    case malformedContentLength
    case repeatedContentLength
    case ambiguousLength
    case malformedTransferEncoding
    case unsupportedTransferEncoding
    case transferEncodingInHTTP10
    case lengthRequired
    case bodyTooLarge
    case unsupportedExpectation

    // Chunks
    case malformedChunkSize
    case chunkSizeTooLarge
    case malformedChunkExtension
    case chunkOverheadTooLarge
    case malformedChunkEnd
    case forbiddenTrailer

    /// The status to answer a client with.
    package var status: Int {
        switch self {
        case .lengthRequired: 411
        case .bodyTooLarge: 413
        case .requestLineTooLong: 414
        case .unsupportedExpectation: 417
        case .headersTooLarge, .tooManyHeaders: 431
        case .unsupportedMethod, .unsupportedTransferEncoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// The label in metrics and the `code` that clients see.
    package var reason: StaticString {
        switch self {
        case .malformedRequestLine: "malformed_request_line"
        case .malformedMethod: "malformed_method"
        case .malformedTarget: "malformed_target"
        case .malformedVersion: "malformed_version"
        case .unsupportedVersion: "unsupported_version"
        case .unsupportedMethod: "unsupported_method"
        case .requestLineTooLong: "request_line_too_long"
        case .malformedStatusLine: "malformed_status_line"
        case .statusLineTooLong: "status_line_too_long"
        case .malformedLineEnd: "malformed_line_end"
        case .malformedFieldName: "malformed_field_name"
        case .malformedFieldValue: "malformed_field_value"
        case .foldedField: "folded_field"
        case .headersTooLarge: "headers_too_large"
        case .tooManyHeaders: "too_many_headers"
        case .missingHost: "missing_host"
        case .repeatedHost: "repeated_host"
        case .malformedHost: "malformed_host"
        case .malformedContentLength: "malformed_content_length"
        case .repeatedContentLength: "repeated_content_length"
        case .ambiguousLength: "ambiguous_length"
        case .malformedTransferEncoding: "malformed_transfer_encoding"
        case .unsupportedTransferEncoding: "unsupported_transfer_encoding"
        case .transferEncodingInHTTP10: "transfer_encoding_in_http_1_0"
        case .lengthRequired: "length_required"
        case .bodyTooLarge: "body_too_large"
        case .unsupportedExpectation: "unsupported_expectation"
        case .malformedChunkSize: "malformed_chunk_size"
        case .chunkSizeTooLarge: "chunk_size_too_large"
        case .malformedChunkExtension: "malformed_chunk_extension"
        case .chunkOverheadTooLarge: "chunk_overhead_too_large"
        case .malformedChunkEnd: "malformed_chunk_end"
        case .forbiddenTrailer: "forbidden_trailer"
        }
    }

    /// What was found and what was expected, for the person behind the peer.
    package var message: StaticString {
        switch self {
        case .malformedRequestLine:
            "The request line is not a method, a target and HTTP/1.1 with one space between them."
        case .malformedMethod:
            "The method contains a byte that a method cannot have; expected a name such as GET."
        case .malformedTarget:
            "The target is not a path, an http or https URL, or * for OPTIONS; spaces, controls, # and bytes outside ASCII must be percent-encoded."
        case .malformedVersion:
            "The request line does not end in a version; expected HTTP/1.1 or HTTP/1.0."
        case .unsupportedVersion:
            "The version is not HTTP/1; expected HTTP/1.1 or HTTP/1.0."
        case .unsupportedMethod:
            "CONNECT asks for a tunnel, and this is not a forward proxy."
        case .requestLineTooLong:
            "The request line is longer than this server accepts; shorten the URL."
        case .malformedStatusLine:
            "The status line is not HTTP/1.1, a status of 100 to 599 and a reason."
        case .statusLineTooLong:
            "The status line is longer than this server accepts."
        case .malformedLineEnd:
            "A line ends in CR or LF alone; expected CR LF."
        case .malformedFieldName:
            "A field's name is empty, has a space before its colon, or contains a byte that a name cannot have."
        case .malformedFieldValue:
            "A field's value contains a control byte; expected visible characters, spaces and tabs."
        case .foldedField:
            "A field's value goes on in a second line; expected one line for each field."
        case .headersTooLarge:
            "The fields together are larger than this server accepts; send fewer or shorter ones."
        case .tooManyHeaders:
            "There are more fields than this server accepts; send fewer."
        case .missingHost:
            "There is no Host; an HTTP/1.1 request must have exactly one."
        case .repeatedHost:
            "Host occurs more than once; a request must have exactly one."
        case .malformedHost:
            "Host is not a host name or address with an optional port, such as example.com:8080."
        case .malformedContentLength:
            "Content-Length is not a number of bytes in decimal digits."
        case .repeatedContentLength:
            "Content-Length occurs more than once; expected one length."
        case .ambiguousLength:
            "Both Content-Length and Transfer-Encoding are present; expected one of them."
        case .malformedTransferEncoding:
            "Transfer-Encoding is not a list in which chunked occurs once, at the end."
        case .unsupportedTransferEncoding:
            "Transfer-Encoding names a coding other than chunked."
        case .transferEncodingInHTTP10:
            "Transfer-Encoding is present in an HTTP/1.0 message, which does not know it."
        case .lengthRequired:
            "The request has no Content-Length; expected one with this method in HTTP/1.0."
        case .bodyTooLarge:
            "The body is larger than this server accepts."
        case .unsupportedExpectation:
            "Expect asks for something other than 100-continue."
        case .malformedChunkSize:
            "A chunk does not begin with its size in hexadecimal digits and CR LF."
        case .chunkSizeTooLarge:
            "A chunk's size is larger than any body can be."
        case .malformedChunkExtension:
            "A chunk's extension contains a control byte, or is longer than this server accepts."
        case .chunkOverheadTooLarge:
            "The chunks carry far more framing than data; send larger chunks."
        case .malformedChunkEnd:
            "A chunk's data is not followed by CR LF; its size does not fit."
        case .forbiddenTrailer:
            "A field that frames or routes the message stands in the trailer section; expected it in the head."
        }
    }
}
