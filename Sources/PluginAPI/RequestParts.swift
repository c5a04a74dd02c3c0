/// What there is of a request and its answer beside the request's method and path, the client's address,
/// and what plugins have learnt of it.
public struct RequestParts: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The fields of its head, its query among what they say.
    public static let fields = RequestParts(rawValue: 1)
    /// Its body, or the answer's.
    public static let bodies = RequestParts(rawValue: 2)

    public static let all: RequestParts = [.fields, .bodies]
}
