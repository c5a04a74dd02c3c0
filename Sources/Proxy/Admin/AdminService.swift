import PluginAPI

/// The admin listener: what the process is doing, for operators and their tools.
final class AdminService: LocalService {
    private let pages: [String: Page]

    /// What stands under one path.
    struct Page: Sendable {
        var method = "GET"
        /// Whether it is shown to everyone, token or not: for load balancers, and without a secret.
        var isOpen = false
        let answer:
            nonisolated(nonsending) @Sendable (Exchange, Generation, AdminSources) async ->
                LocalAnswer
    }

    private let sources: AdminSources

    init(_ sources: AdminSources) {
        self.sources = sources
        pages = [
            "/": Page(isOpen: true) { _, _, _ in DashboardPage.answer },
            "/dashboard/events": Page { exchange, generation, sources in
                DashboardStream.answer(exchange, generation, sources)
            },
            "/healthz": Page(isOpen: true) { _, _, _ in HealthPages.health },
            "/readyz": Page(isOpen: true) { _, _, sources in HealthPages.readiness(sources) },
            "/metrics": Page { exchange, generation, sources in
                MetricsPage.answer(generation, sources, at: exchange.now)
            },
            "/plugins": Page { _, generation, sources in PluginsPage.answer(generation, sources) },
            "/requests": Page { exchange, _, sources in
                await RequestsPage.answer(exchange, sources)
            },
            "/upstreams": Page { exchange, generation, _ in
                UpstreamsPage.answer(generation, at: exchange.now, wall: exchange.startedAt)
            },
            "/config": Page { _, generation, _ in .json(200, generation.effective, indented: true)
            },
            "/reload": Page(method: "POST") { _, _, sources in
                await sources.reload().answer
            },
        ]
    }

    nonisolated(nonsending) func answer(_ exchange: Exchange, _ generation: Generation) async
        -> LocalAnswer
    {
        let path = exchange.request.path
        guard let page = pages[path] else {
            return .json(
                404,
                [
                    "error": .string("no such page"),
                    "pages": .array(pages.keys.sorted().map { .string($0) }),
                ])
        }
        if !page.isOpen, let token = generation.settings.adminToken,
            !AdminAccess.holds(token, exchange.request)
        {
            return .json(
                401, ["error": "this page wants the admin token, as \"authorization: Bearer …\""],
                headers: [("www-authenticate", "Bearer realm=\"sluice admin\"")])
        }
        let methods = page.method == "GET" ? ["GET", "HEAD"] : [page.method]
        guard methods.contains(exchange.request.methodName) else {
            return .json(
                405, ["error": .string("\(path) is asked for with \(page.method)")],
                headers: [("allow", methods.joined(separator: ", "))])
        }
        if page.method != "GET", AdminAccess.isFromElsewhere(exchange.request) {
            return .json(
                403, ["error": "a page of another origin may read nothing here and change nothing"])
        }
        return await page.answer(exchange, generation, sources)
    }
}

extension LocalAnswer {
    static func json(
        _ status: Int, _ value: JSONValue, headers: [(String, String)] = [], indented: Bool = false
    ) -> LocalAnswer {
        .whole(
            Answer(
                status: status,
                headers: [("content-type", "application/json"), ("cache-control", "no-store")]
                    + headers,
                body: Array(((indented ? value.indented : value.description) + "\n").utf8)))
    }
}
