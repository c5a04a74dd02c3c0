import PluginAPI

/// What an answer says of what it took, as a scanner finds it.
struct UsageReport: JSONSink {
    /// The model that answered; empty while none is known.
    private(set) var model = ShortText()
    /// Why it stopped, in the provider's word; empty while it has not.
    private(set) var finishReason = ShortText()
    /// Nil while the answer has not said one that is known.
    private(set) var serviceTier: ServiceTier?
    /// The text that has been generated so far, with reasoning and the arguments of tools.
    private(set) var text = TextMeasure()
    /// Whether that is measured; not where it is sure not to be needed.
    var measuresText = true
    private(set) var numbers = UsageNumbers()
    /// Whether the numbers are of the answer's end, or of what it has taken so far.
    private(set) var isWhole = false
    /// What text there was when the numbers of the output came.
    private(set) var reportedText = TextMeasure()

    /// What is known of the JSON text that it is in.
    private(set) var document = Document()

    struct Document {
        fileprivate var numbers = UsageNumbers()
        /// The kind of place that they stand at.
        fileprivate var source: AnswerField?
        fileprivate var usageIsOver = false
        fileprivate var reason = ShortText()
        fileprivate var status = ShortText()
        /// How many choices there are; nil where no list of them is.
        fileprivate(set) var choices: Int?
        /// The outermost object's usage.
        fileprivate(set) var usage: Member?

        fileprivate mutating func reset() {
            numbers.forget(.max)
            source = nil
            usageIsOver = false
            reason.removeAll()
            status.removeAll()
            choices = nil
            usage = nil
        }
    }

    /// Where a member stands, in bytes from the beginning of the answer.
    struct Member {
        let kind: JSONKind
        /// At its name's first quote.
        let start: Int
        let valueStart: Int
        /// Behind its value; nil while that has not ended.
        fileprivate(set) var end: Int?
    }

    /// Where a cost could be written into a usage object that has ended, before its bracket; nil once that
    /// has been asked for.
    private var costPlace: Int?

    private var choiceHasReasoning = false
    private var isRepetition = false

    /// The next answer begins.
    mutating func reset() {
        model.removeAll()
        finishReason.removeAll()
        serviceTier = nil
        text = TextMeasure()
        measuresText = true
        numbers.forget(.max)
        isWhole = false
        reportedText = TextMeasure()
        document.reset()
        costPlace = nil
        choiceHasReasoning = false
        isRepetition = false
    }

    // MARK: - What the scanner finds

    mutating func begin(_ field: AnswerField, _ kind: JSONKind, member: Int, at place: Int) {
        document.numbers.forget(Self.forgotten(by: field, kind, after: document.source))
        switch field {
        case .document: document.reset()
        case .usage, .innerUsage, .usageAtStart:
            if kind == .object {
                document.source = field
                document.usageIsOver = false
            }
            if field == .usage {
                document.usage = Member(kind: kind, start: member, valueStart: place, end: nil)
            }
        case .choices: document.choices = kind == .list ? 0 : nil
        case .choice:
            document.choices? += 1
            choiceHasReasoning = false
        case .reasoningText where kind == .string:
            isRepetition = choiceHasReasoning
            choiceHasReasoning = true
        default: break
        }
    }

    /// The last of several members of one name counts, as where a whole text is read.
    private static func forgotten(
        by field: AnswerField, _ kind: JSONKind, after source: AnswerField?
    ) -> UInt32 {
        switch field {
        case .usage, .innerUsage, .usageAtStart:
            // A null beside the object, at another place, says nothing.
            kind == .object || source == field ? field.forgets : 0
        default: field.forgets
        }
    }

    mutating func value(
        _ field: AnswerField, _ bytes: UnsafeBufferPointer<UInt8>, _ kind: JSONKind
    ) {
        if field.rawValue <= AnswerField.cost.rawValue {
            if kind == .number { document.numbers.set(field, bytes) }
            return
        }
        guard kind == .string, !bytes.isEmpty else { return }
        switch field {
        case .model: model.set(bytes)
        case .finishReason: finishReason.set(bytes)
        case .serviceTier: serviceTier = ServiceTier(reported: bytes)
        case .status: document.status.set(bytes)
        case .incompleteReason: document.reason.set(bytes)
        default: break
        }
    }

    mutating func end(_ field: AnswerField, at place: Int) {
        switch field {
        case .usage:
            document.usage?.end = place
            endUsage(field, at: place)
        case .innerUsage, .usageAtStart: endUsage(field, at: place)
        case .reasoningText: isRepetition = false
        case .document: takeNumbers()
        default: break
        }
    }

    mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        if measuresText, !isRepetition { text.add(bytes) }
    }

    mutating func textEscape(isUnicode: Bool) {
        if measuresText, !isRepetition { text.addEscape(isUnicode: isUnicode) }
    }

    private mutating func endUsage(_ field: AnswerField, at place: Int) {
        guard document.source == field else { return }
        document.usageIsOver = true
        if field != .usageAtStart, document.numbers.tellOutput, document.numbers.cost == nil {
            costPlace = place - 1
        }
    }

    // MARK: - At the end

    /// The numbers, those of the text that has not ended yet among them.
    var numbersSoFar: UsageNumbers {
        var all = numbers
        all.update(from: document.numbers)
        return all
    }

    mutating func takeCostPlace() -> Int? {
        defer { costPlace = nil }
        return costPlace
    }

    /// Nothing more will come. A usage object that is whole counts though the end of its text is missing.
    /// - Parameter isBroken: whether that text is no JSON.
    mutating func end(isBroken: Bool) {
        if document.usageIsOver, !isBroken { takeNumbers() }
    }

    private mutating func takeNumbers() {
        let found = document.numbers
        guard !found.isEmpty, let source = document.source else { return }
        document.numbers.forget(.max)
        numbers.update(from: found)
        // An answer of OpenAI's responses says why it ended by its status.
        if !document.reason.isEmpty {
            document.reason.withBytes { finishReason.set($0) }
        } else if finishReason.isEmpty, !document.status.isEmpty {
            document.status.withBytes { finishReason.set($0) }
        }
        if source != .usageAtStart, found.tellOutput { isWhole = true }
        reportedText = text
    }
}
