import PluginAPI

/// How long a budget lasts: a day or a month of the calendar, in UTC.
enum BudgetInterval: String, SettingChoice {
    case day, month
}
