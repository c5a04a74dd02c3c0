import PluginAPI

/// How a limit is kept.
package enum LimitAlgorithm: String, SettingChoice {
    /// Counts what the last period saw; see `SlidingWindowCounter`.
    case slidingWindow = "sliding-window"
    /// Lets a bucket drain at the limit's pace; see `GCRA`.
    case gcra
}
