@testable import Proxy

/// One answer, as the proxy, libcurl and the letter of the RFC have it.
final class AnswerComparison {
    private let ours = ConnectionReader()
    private let libcurl = LibcurlReader()

    /// - Returns: which difference there is, of those that are explained; nil for none.
    /// - Throws: `Unexplained` for any other.
    func compare(_ answer: borrowing SpoiledAnswer, isTogether: Bool) throws(Unexplained)
        -> AnswerDifference?
    {
        ours.read(answer, isTogether: isTogether)
        libcurl.read(answer, isTogether: isTogether)
        let reading = AnswerReading(answer.bytes, answersHead: answer.answersHead)
        if !ours.heard.keepsConnection { libcurl.endConnection() }
        do throws(Complaint) {
            try Self.check(ours.heard, against: reading, answer, isTogether)
            return try Self.compare(ours.heard, libcurl.heard, reading, answer, isTogether)
        } catch {
            throw Unexplained(
                description: """
                    \(error.text)
                    sent:    \(HeardAnswer.text(answer.bytes)), cut at \(answer.cuts)\
                    \(answer.answersHead ? ", to HEAD" : "")\(answer.closes ? isTogether ? ", closed at once" : ", closed" : "")
                    RFC:     \(reading.end), \(reading.length) bytes of \(answer.bytes.count)
                    ours:    \(ours.heard)
                    libcurl: \(libcurl.heard) \(libcurl.complaint)
                    """)
        }
    }

    struct Unexplained: Error, CustomStringConvertible { let description: String }

    private struct Complaint: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    // MARK: - Ours and the letter

    private static func check(
        _ ours: HeardAnswer, against reading: AnswerReading, _ answer: borrowing SpoiledAnswer,
        _ isTogether: Bool
    ) throws(Complaint) {
        switch reading.end {
        case .whole:
            guard ours.end == .whole else { throw Complaint("ours refuses what is right") }
            guard isTogether || ours.endsBeforeClose else {
                throw Complaint("ours waits for the close")
            }
            let mayKeep =
                reading.keepsConnection && reading.length == answer.bytes.count && !isTogether
            guard ours.keepsConnection == mayKeep else {
                throw Complaint(mayKeep ? "ours closes" : "ours keeps")
            }
        case .withConnection:
            guard ours.end == .whole else { throw Complaint("ours refuses what is right") }
            guard !ours.endsBeforeClose, !ours.keepsConnection else {
                throw Complaint("ours does not wait for the close")
            }
        case .incomplete, .faulty:
            guard ours.end == .broken, !ours.keepsConnection else {
                throw Complaint("ours accepts what is not right")
            }
        }
    }

    // MARK: - Ours and libcurl

    private static func compare(
        _ ours: HeardAnswer, _ libcurl: HeardAnswer, _ reading: AnswerReading,
        _ answer: borrowing SpoiledAnswer, _ isTogether: Bool
    ) throws(Complaint) -> AnswerDifference? {
        switch (ours.end, libcurl.end) {
        case (.broken, .broken):
            guard ours.body.starts(with: libcurl.body) || libcurl.body.starts(with: ours.body)
            else {
                throw Complaint("both refuse, behind different bytes")
            }
            return nil
        case (.broken, _):
            if case .faulty(let fault) = reading.end { return .fault(fault) }
            if AnswerDifference.lacksLastLineFeed(answer) { return .lastLineFeed }
            throw Complaint("libcurl accepts what is not complete")
        case (.whole, .whole):
            return try compareWhole(ours, libcurl, reading, answer, isTogether)
        case (.whole, _) where reading.hasLaterVersion: return .laterVersion
        default:
            throw Complaint("libcurl refuses what ours accepts")
        }
    }

    private static func compareWhole(
        _ ours: HeardAnswer, _ libcurl: HeardAnswer, _ reading: AnswerReading,
        _ answer: borrowing SpoiledAnswer, _ isTogether: Bool
    ) throws(Complaint) -> AnswerDifference? {
        guard ours.heads == libcurl.heads else { throw Complaint("other fields") }
        guard ours.body == libcurl.body else { throw Complaint("other bytes") }
        var difference: AnswerDifference?
        if ours.trailers != libcurl.trailers {
            guard AnswerDifference.withoutEarlyFields(libcurl.trailers) == ours.trailers else {
                throw Complaint("other trailers")
            }
            difference = .earlyTrailer
        }
        if ours.endsBeforeClose != libcurl.endsBeforeClose { throw Complaint("another end") }
        if ours.keepsConnection != libcurl.keepsConnection {
            if ours.keepsConnection {
                if reading.resemblesClose { return .closeInOption }
                throw Complaint("libcurl closes")
            }
            if reading.announcesForbiddenBody { return .forbiddenBody }
            if reading.resemblesKeepAliveInHTTP10 { return .keepAliveInHTTP10 }
            if reading.length < answer.bytes.count { return .bytesBehind }
            throw Complaint("ours closes what libcurl keeps")
        }
        return difference
    }
}
