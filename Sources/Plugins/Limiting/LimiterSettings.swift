import PluginAPI

/// The settings that every limiter has, beside its `limit` and `burst`. It declares them with the texts
/// of `LimiterText`, so that they read alike everywhere:
///
///     @Setting("limit", LimiterText.limit) public var limit: OneOrList<Rate>
///     @Setting("algorithm", LimiterText.algorithm)
///     package var algorithm = LimitAlgorithm.slidingWindow
///     @Setting("burst", LimiterText.burst, in: 1...) public var burst: Int?
///     @Setting("headers", LimiterText.headers) public var headers = true
///     @Setting("maxKeys", LimiterText.maxKeys, in: LimiterText.keyRange, unit: "keys")
///     public var maxKeys = LimiterText.defaultMaxKeys
package protocol LimiterSettings {
    var algorithm: LimitAlgorithm { get }
    var headers: Bool { get }
    var maxKeys: Int { get }
}

package enum LimiterText {
    package static let limit =
        "How much is admitted; several windows hold at once, one for each period."
    package static let algorithm =
        "How the limit is kept: counting the last period, or as a bucket that drains at its pace."
    package static let burst =
        "With gcra, how much may come at once, by the limit of the shortest period; that limit unless told."
    package static let headers =
        "Whether answers tell what is left, in RateLimit and X-RateLimit fields."
    package static let keyRange = 1000...10_000_000
    package static let defaultMaxKeys = 250_000
    package static let maxKeys =
        "How many keys are counted at once in memory; beyond that those not used for longest go."
}

extension LimiterSettings {
    /// The limits of one pair of `limit` and `burst`.
    /// - Parameter place: what comes before these keys, such as `tiers[0].`.
    package func limits(_ rates: OneOrList<Rate>, burst: Int?, in place: String = "")
        throws(ConfigurationError) -> Limits
    {
        var periods: Set<Rate.Period> = []
        for rate in rates.values where !periods.insert(rate.per).inserted {
            throw ConfigurationError(
                setting: place + "limit",
                "two limits for one period (\"/\(rate.per.rawValue)\"); expected one, the lower")
        }
        if burst != nil, algorithm != .gcra {
            throw ConfigurationError(
                setting: place + "burst",
                "\"\(algorithm.rawValue)\" knows no burst; remove it, or set \"algorithm\" to "
                    + "\"\(LimitAlgorithm.gcra.rawValue)\"")
        }
        return Limits(rates.values, burst: burst)
    }
}
