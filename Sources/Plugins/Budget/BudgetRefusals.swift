import PluginAPI

/// What clients are told when a budget does not admit them.
struct BudgetRefusals: Sendable {
    private let status: BudgetStatus
    private let per: BudgetInterval

    init(status: BudgetStatus, per: BudgetInterval) {
        self.status = status
        self.per = per
    }

    /// So much has been spent that there is no room for the request before the next period.
    /// - Parameters:
    ///   - left: what has not been spent.
    ///   - expected: what the request may cost.
    func exceeded(
        _ report: BudgetReport, left: BudgetAmount, expected: BudgetAmount, until end: WallTime
    ) -> Decision {
        let begins = "The next period begins at \(end.inSeconds)."
        let message =
            SplitAmount(left) == .zero
            ? "The budget of \(report.limit) per \(per.rawValue) is used up. \(begins)"
            : "Of the budget of \(report.limit) per \(per.rawValue), \(left) "
                + "\(left.number == "1" ? "is" : "are") left, and this request may take "
                + "\(expected). \(begins)"
        return refuse("budget_exceeded", message, retryAfter: report.reset)
    }

    /// There would be room, were it not for requests that have not ended.
    func inUse(_ report: BudgetReport) -> Decision {
        refuse(
            "budget_in_use",
            "What is left of the budget of \(report.limit) per \(per.rawValue) may be needed by "
                + "requests that have not ended. Please retry shortly.",
            retryAfter: 1)
    }

    private func refuse(_ reason: String, _ message: String, retryAfter: Int) -> Decision {
        .refuse(
            status.rawValue, reason: reason, message: message,
            headers: [("retry-after", String(retryAfter))])
    }

    /// Ends a stream in the form in which clients of such interfaces expect errors.
    func lastEvent(_ exchange: Exchange, _ limit: BudgetAmount) -> [UInt8] {
        let error: JSONValue = [
            "error": [
                "message": .string(
                    "The budget of \(limit) per \(per.rawValue) is used up, "
                        + "and this answer has been cut."),
                "type": "insufficient_quota", "code": "budget_exceeded", "param": .null,
                "request_id": .string(exchange.requestID),
            ]
        ]
        return Array("data: \(error)\n\n".utf8)
    }
}

extension WallTime {
    /// `2026-11-25T00:00:00Z`
    fileprivate var inSeconds: String { description.prefix(19) + "Z" }
}
