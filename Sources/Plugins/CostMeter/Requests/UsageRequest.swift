/// Asks the upstream of a streamed chat for its usage where the client does not, by the fewest bytes: the
/// client's JSON is not written anew.
struct UsageRequest {
    /// What is put in the place of a run of the body's bytes.
    private let insertion: StaticString
    private let place: Range<Int>

    /// Nil where the client asks itself, or has written what cannot be put right.
    init?(_ report: RequestReport, in body: Span<UInt8>) {
        guard report.isStream, report.isWhole else { return nil }
        guard let options = report.streamOptions else {
            // It is streamed, so there is a member to go on with.
            insertion = #""stream_options":{"include_usage":true},"#
            place = report.start + 1..<report.start + 1
            return
        }
        switch options.kind {
        case .null:
            insertion = #"{"include_usage":true}"#
            place = options.start..<options.end
        case .object:
            if let member = report.includeUsage {
                guard !member.isTrue, member.kind == .bool || member.kind == .null else {
                    return nil
                }
                insertion = "true"
                place = member.start..<member.end
                return
            }
            let isEmpty = !(options.start..<options.end).contains { body[$0] == UInt8(ascii: "\"") }
            insertion = isEmpty ? #""include_usage":true"# : #""include_usage":true,"#
            place = options.start + 1..<options.start + 1
        default: return nil
        }
    }

    func applied(to body: Span<UInt8>) -> [UInt8] {
        let added = insertion.utf8CodeUnitCount
        let total = body.count - place.count + added
        return body.withUnsafeBufferPointer { body in
            [UInt8](unsafeUninitializedCapacity: total) { bytes, count in
                var rest = bytes
                func append(_ part: UnsafeBufferPointer<UInt8>) {
                    _ = rest.initialize(fromContentsOf: part)
                    rest = UnsafeMutableBufferPointer(rebasing: rest[part.count...])
                }
                append(UnsafeBufferPointer(rebasing: body[..<place.lowerBound]))
                append(UnsafeBufferPointer(start: insertion.utf8Start, count: added))
                append(UnsafeBufferPointer(rebasing: body[place.upperBound...]))
                count = total
            }
        }
    }
}
