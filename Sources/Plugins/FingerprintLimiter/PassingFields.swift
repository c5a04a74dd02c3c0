import PluginAPI

/// Fields that one and the same client sends with some requests and not with others, and fields that
/// are put in on the way. A fingerprint that counted them would not be the client's.
enum PassingFields {
    /// Lower-case.
    static let names: [HeaderName] = body + conditions + calls + traces + proxies

    /// What comes with the size of a body. Content-Type is not here: its place is the client's own.
    private static let body: [HeaderName] = ["content-length", "expect"]

    private static let conditions: [HeaderName] = [
        "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
        "range",
    ]

    /// What comes with a former answer, another try, or one way of calling an SDK.
    private static let calls: [HeaderName] = [
        "cookie", "referer", "priority", "sec-fetch-user", "idempotency-key",
        "x-stainless-retry-count", "x-stainless-timeout", "x-stainless-read-timeout",
        "x-stainless-raw-response", "x-stainless-helper-method", "x-stainless-poll-helper",
        "x-stainless-custom-poll-interval",
    ]

    private static let traces: [HeaderName] = [
        "traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid",
        "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags", "sentry-trace", "uber-trace-id",
        "newrelic",
        "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority",
        "x-datadog-origin", "x-datadog-tags", "x-amzn-trace-id", "x-cloud-trace-context",
        "request-id", "x-request-id", "x-client-request-id", "x-correlation-id", "x-trace-id",
    ]

    private static let proxies: [HeaderName] = [
        "via", "forwarded", "max-forwards", "early-data", "cdn-loop", "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto",
        "x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-original-forwarded-for",
        "x-real-ip", "x-client-ip", "true-client-ip", "fastly-client-ip", "cf-connecting-ip",
        "cf-connecting-ipv6", "cf-ew-via", "cf-ipcountry", "cf-ray", "cf-visitor",
    ]
}
