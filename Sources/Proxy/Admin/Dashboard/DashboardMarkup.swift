/// The dashboard's skeleton; DashboardScript fills it.
enum DashboardMarkup {
    static func text(style: String, script: String) -> String {
        // The hashes are those of what stands between the tags, to the byte.
        head + "<style>\(style)</style>\n" + body + "<script type=\"module\">\(script)</script>\n"
            + "</body>\n</html>\n"
    }

    private static let head = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>Sluice</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'
         viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%232f6f8f'/%3E%3Cpath
         d='M4 3v10M8 3v6M12 3v10' stroke='white' stroke-width='2'/%3E%3C/svg%3E">

        """#

    private static let body = #"""
        </head>
        <body data-state="connecting">
        <a class="skip" href="#verdict">To what matters</a>
        <header>
          <h1>Sluice</h1>
          <p id="process"></p>
          <p id="connection"><span id="connection-state" role="status">connecting…</span><span
          id="connection-time"></span></p>
        </header>
        <noscript><p class="say">This page needs its own script to be allowed. The same is told by
        /metrics, /plugins, /upstreams and /requests.</p></noscript>

        <form id="token-form" hidden>
          <h2>This listener wants its token</h2>
          <p id="token-say">It is <code>admin.token</code> in plugins.json. It is kept in this tab
          only.</p>
          <input type="text" name="username" value="admin" autocomplete="username" hidden>
          <label for="token">Token</label>
          <input id="token" type="password" autocomplete="current-password" required>
          <button>Show</button>
        </form>

        <main hidden>
        <section id="verdict" aria-labelledby="verdict-heading" tabindex="-1">
          <h2 id="verdict-heading" role="status"></h2>
          <ul id="findings"></ul>
        </section>

        <section aria-labelledby="now-heading">
          <h2 id="now-heading" class="unseen">Now</h2>
          <dl id="figures"></dl>
        </section>

        <div class="pair">
        <section aria-label="Requests by status"><figure id="chart-status"></figure></section>
        <section aria-label="Latency"><figure id="chart-latency"></figure></section>
        </div>

        <div class="pair uneven">
        <section aria-label="Refusals by plugin">
          <figure id="chart-refusals"></figure>
          <p class="none" id="chart-refusals-none">No plugin has refused a request for ten
          minutes.</p>
        </section>

        <section id="upstreams" aria-labelledby="upstreams-heading">
          <h2 id="upstreams-heading">Upstreams</h2>
          <p class="none" id="targets-none">There is none in plugins.json.</p>
          <table id="targets" role="table"></table>
        </section>
        </div>

        <section id="refusals" aria-labelledby="refusals-heading">
          <h2 id="refusals-heading">Refused last</h2>
          <p class="none" id="refused-none">No plugin has refused one of the last requests.</p>
          <table id="refused" class="requests" role="table"></table>
          <button id="refused-more" type="button" hidden></button>
        </section>

        <section id="failures" aria-labelledby="failures-heading">
          <h2 id="failures-heading">Failed last</h2>
          <p class="none" id="failed-none">None of the last requests has failed.</p>
          <table id="failed" class="requests" role="table"></table>
          <button id="failed-more" type="button" hidden></button>
        </section>

        <section id="plugins" aria-labelledby="plugins-heading">
          <h2 id="plugins-heading">Plugins</h2>
          <p class="none" id="instances-none">There is none in plugins.json.</p>
          <table id="instances" role="table"></table>
        </section>

        <section id="spend" aria-labelledby="spend-heading" hidden>
          <h2 id="spend-heading">Spend by model</h2>
          <p id="spend-sum"></p>
          <table id="models" role="table"></table>
        </section>

        <section id="routes" aria-labelledby="routes-heading">
          <h2 id="routes-heading">Routes</h2>
          <p class="none" id="paths-none">Nothing has been asked for yet.</p>
          <table id="paths" role="table"></table>
        </section>
        </main>

        <footer>
          <p>More: <a href="metrics">metrics</a>, <a href="requests">requests</a>,
          <a href="plugins">plugins</a>, <a href="upstreams">upstreams</a>,
          <a href="config">config</a>.
          <button id="forget" type="button" hidden>Forget the token</button></p>
        </footer>

        """#
}
