import PluginAPI

/// Removes, sets and adds fields of requests and answers.
public struct HeaderRules: Plugin, RequestPhase, ResponseHeadPhase {
    public static let name = "headers"
    public static let summary = "Removes, sets and adds fields of requests and answers."

    public struct Configuration: PluginConfiguration {
        @Setting("request", "What changes in requests before they go upstream.")
        public var request = FieldChanges()

        @Setting("response", "What changes in answers before the client gets them.")
        public var response = FieldChanges()

        public init() {}

        public func validate() throws(ConfigurationError) {
            var errors: [ConfigurationError] = []
            errors += request.errors(at: "request", untouchable: .ofRequests)
            errors += response.errors(at: "response", untouchable: .ofAnswers)
            if !errors.isEmpty { throw ConfigurationError(errors) }
        }
    }

    private let request: FieldEditor
    private let response: FieldEditor

    public var decidesBy: RequestParts? { nil }

    public init(_ configuration: Configuration, _ setup: Setup) {
        request = FieldEditor(configuration.request)
        response = FieldEditor(configuration.response)
    }

    public func request(_ exchange: Exchange) -> Decision {
        request.edit(exchange.request.headers)
        return .proceed
    }

    public func responseHead(_ exchange: Exchange) {
        response.edit(exchange.response.headers)
    }
}
