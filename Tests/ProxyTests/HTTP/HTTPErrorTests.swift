import Proxy
import Testing

@Suite("Errors of the protocol")
struct HTTPErrorTests {
    @Test("each has a status, a label of its own, and a sentence", arguments: HTTPError.allCases)
    func complete(error: HTTPError) {
        #expect([400, 411, 413, 414, 417, 431, 501, 505].contains(error.status))
        let reason = "\(error.reason)"
        #expect(!reason.isEmpty)
        #expect(reason.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
        #expect(HTTPError.allCases.filter { "\($0.reason)" == reason } == [error])
        #expect("\(error.message)".hasSuffix("."))
    }

    @Test("the statuses that say more than 400 are given where they are meant")
    func statuses() {
        let expected: [HTTPError: Int] = [
            .lengthRequired: 411, .bodyTooLarge: 413, .requestLineTooLong: 414,
            .unsupportedExpectation: 417, .headersTooLarge: 431, .tooManyHeaders: 431,
            .unsupportedMethod: 501, .unsupportedTransferEncoding: 501, .unsupportedVersion: 505,
        ]
        for error in HTTPError.allCases { #expect(error.status == expected[error] ?? 400) }
    }
}
