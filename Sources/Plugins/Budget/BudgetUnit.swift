/// What a budget is counted in.
enum BudgetUnit: String, Sendable {
    case dollars = "usd"
    case tokens
}
