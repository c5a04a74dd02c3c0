import PluginAPI

/// The plugins that come with Sluice.
public enum BuiltIn {
    /// In the order in which the documentation lists them.
    public static let plugins: [any Plugin.Type] = [
        TrustedProxy.self,
        RequestIdentifier.self,
        APIKeys.self,
        IPLimiter.self,
        RateLimiter.self,
        FingerprintLimiter.self,
        Budget.self,
        ConcurrencyLimiter.self,
        RequestGuard.self,
        HeaderRules.self,
        CostMeter.self,
        Retry.self,
        SSEKeepalive.self,
        VelocityGuard.self,
        ActivityLogger.self,
        Tracing.self,
    ]
}
