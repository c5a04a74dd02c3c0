import PluginAPI

extension AttemptResult {
    /// - Parameters:
    ///   - status: what the target said; 0 when it has said nothing.
    ///   - kind: of a failure.
    init(_ ending: AttemptEnding, status: Int, _ kind: TransferError.Kind) {
        let status = status == 0 ? nil : status
        guard case .failed(let detail) = ending else {
            self.init(status: status)
            return
        }
        let failure: Failure =
            switch kind {
            case .unreachable: .unreachable
            case .connectTimeout: .timeout
            case .broken: .broken
            }
        self.init(status: status, failure: failure, detail: detail)
    }
}
