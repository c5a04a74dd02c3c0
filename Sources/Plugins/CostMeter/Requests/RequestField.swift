/// What is looked for in requests.
enum RequestField: UInt8, Sendable {
    /// The whole body.
    case document
    case model, stream
    case streamOptions, includeUsage
    /// The most tokens that the client wants, by the names of several interfaces.
    case maxTokens, maxCompletionTokens, maxOutputTokens
    /// How many answers.
    case choices
    case serviceTier
    /// A turn of a conversation.
    case message
    /// An element of an input: a text, a token's number, or a list of such.
    case element
    case image
    /// JSON that the model reads as it stands: tools, and the form that the answer must have.
    case schema
}
