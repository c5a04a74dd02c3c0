import PluginAPI

/// `/`: the page that shows what the process is doing. It holds nothing but itself; what it shows comes
/// by `/dashboard/events`, so that it can be open to who has no token yet.
enum DashboardPage {
    static var answer: LocalAnswer {
        .whole(
            Answer(
                headers: [
                    ("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"),
                    ("content-security-policy", policy), ("x-content-type-options", "nosniff"),
                    ("referrer-policy", "no-referrer"),
                ],
                body: Array(text.utf8)))
    }

    static let text = DashboardMarkup.text(style: style, script: script)
    private static let style = DashboardStyle.text
    private static let script = [
        DashboardScript.basics, DashboardScript.history, DashboardScript.charts,
        DashboardScript.verdict, DashboardScript.tables, DashboardScript.plugins,
        DashboardScript.connection,
    ].joined(separator: "\n")

    /// Nothing runs, and nothing is loaded or asked, but what stands in the page itself (CSP Level 3).
    private static let policy = [
        "default-src 'none'", "connect-src 'self'", "style-src '\(source(style))'",
        "script-src '\(source(script))'", "img-src data:", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static func source(_ text: String) -> String {
        "sha256-\(Base64.encode(SHA256(text)))"
    }
}
