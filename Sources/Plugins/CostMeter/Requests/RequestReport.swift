import PluginAPI

/// What a request says of what it may take, as a scanner finds it.
struct RequestReport: JSONSink {
    private(set) var model = ShortText()
    /// How many members give it: who reads the body next may take another one than we do.
    private(set) var modelMembers = 0
    private(set) var isStream = false
    /// The most tokens that each answer may have.
    private(set) var outputLimit: Int?
    /// How many answers are wanted.
    private(set) var choices = 1
    private(set) var serviceTier: ServiceTier?
    private(set) var text = TextMeasure()
    private(set) var streamOptions: Member?
    private(set) var includeUsage: Member?
    /// Where the body's outermost value begins.
    private(set) var start = 0
    /// The body is a JSON object from its beginning to its end, as far as that has been looked at.
    private(set) var isWhole = false

    private var isObject = false
    private var messages = 0
    private var images = 0
    private var tokens = 0
    /// Bytes of JSON that the model reads as it stands.
    private var rawBytes = 0
    private var rawStart: Int?

    /// Where a member's value stands, in bytes from the body's beginning.
    struct Member {
        let kind: JSONKind
        let start: Int
        fileprivate(set) var end: Int
        fileprivate(set) var isTrue = false
    }

    /// - Parameter body: all of it.
    init(_ body: Span<UInt8>) {
        var scanner = JSONScanner<Self>(RequestPaths.all, stopsAtLineEnds: false)
        body.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            _ = scanner.scan(start, start + bytes.count, into: &self)
        }
    }

    // MARK: - What it comes to

    /// About how many tokens the prompt is.
    var estimatedInput: Int {
        // A message is wrapped into a few tokens; an image of usual size is about a thousand; of JSON a
        // token is less than four bytes.
        text.estimatedTokens + tokens + messages * 4 + images * 1000 + rawBytes * 2 / 7
    }

    /// How many tokens the prompt is, seen from above: the estimate and half of it more, which is what it
    /// may be off by.
    var highestInput: Int { estimatedInput + estimatedInput / 2 + 8 }

    // MARK: - What the scanner finds

    mutating func begin(_ field: RequestField, _ kind: JSONKind, member: Int, at place: Int) {
        switch field {
        case .document:
            start = place
            isObject = kind == .object
        case .model: modelMembers += 1
        case .streamOptions:
            streamOptions = Member(kind: kind, start: place, end: place)
            includeUsage = nil
        case .includeUsage: includeUsage = Member(kind: kind, start: place, end: place)
        case .stream: isStream = false
        case .message where kind == .object, .element where kind == .object: messages += 1
        case .element where kind == .number: tokens += 1
        case .element where kind == .list: rawStart = place
        case .image: images += 1
        case .schema: rawStart = place
        default: break
        }
    }

    mutating func value(
        _ field: RequestField, _ bytes: UnsafeBufferPointer<UInt8>, _ kind: JSONKind
    ) {
        switch (field, kind) {
        case (.model, .string): model.set(bytes)
        case (.stream, .bool): isStream = Self.isTrue(bytes)
        case (.includeUsage, .bool): includeUsage?.isTrue = Self.isTrue(bytes)
        case (.maxTokens, .number), (.maxCompletionTokens, .number), (.maxOutputTokens, .number):
            if let count = ASCII.decimal(bytes) { outputLimit = max(outputLimit ?? 0, count) }
        case (.serviceTier, .string): serviceTier = ServiceTier(reported: bytes)
        case (.choices, .number): choices = ASCII.decimal(bytes).map { min(max($0, 1), 1000) } ?? 1
        default: break
        }
    }

    mutating func end(_ field: RequestField, at place: Int) {
        switch field {
        case .document: isWhole = isObject
        case .streamOptions: streamOptions?.end = place
        case .includeUsage: includeUsage?.end = place
        case .schema, .element:
            rawBytes += place - (rawStart ?? place)
            rawStart = nil
        default: break
        }
    }

    mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) { text.add(bytes) }

    mutating func textEscape(isUnicode: Bool) { text.addEscape(isUnicode: isUnicode) }

    private static func isTrue(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.first == UInt8(ascii: "t")
    }
}
