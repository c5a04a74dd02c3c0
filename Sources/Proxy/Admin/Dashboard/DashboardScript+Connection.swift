extension DashboardScript {
    /// Getting the events, drawing what they bring, and saying so when they do not come.
    static let connection = #"""
        // --- Drawing

        const perSecond = (values) => values.map((value, index) => (1000 * value) / lengths[index]);
        const rates = [
          { title: "per second", of: (one) => rate(pace(one.counts, minute)) },
          { title: "last minute", of: (one) => whole.format(sum(one.counts, minute)) },
          { title: "ten minutes", of: (one) => whole.format(sum(one.counts)) },
        ];
        const statusChart = new Chart("chart-status", {
          title: "Requests by status", unit: "per second", isStacked: true, columns: rates,
          text: (value) => rate(value),
        });
        const worst = (values) => Math.max(...values.filter((value) => value !== null));
        const latencyChart = new Chart("chart-latency", {
          title: "Latency", unit: "over ten seconds, powers of ten", isStacked: false,
          lowest: 0.001, highest: 0.01, text: duration,
          columns: [
            { title: "last minute", of: (one) => duration(last(one.minutes)) },
            {
              title: "worst ten seconds", of: (one) =>
                (one.values.some((value) => value !== null) ? duration(worst(one.values)) : "–"),
            },
          ],
        });
        const refusalChart = new Chart("chart-refusals", {
          title: "Refused, by plugin", unit: "per second", isStacked: true, columns: rates,
          text: (value) => rate(value),
        });

        function drawCharts() {
          const isSeen = (name) => name !== "1xx" && name !== "3xx" || requestsOf(name) > 0;
          statusChart.draw(classes.filter(isSeen).map((name) => {
            const counts = added("requests", { class: name });
            return { label: name, name: `s${name}`, counts, values: perSecond(counts) };
          }));
          const modes = series.filter((one) => one.name.endsWith("_active") && sum(one.values) > 0);
          const name = (one) => (one.labels.plugin ? `${one.name} of ${one.labels.plugin}` : one.name);
          statusChart.shade(
            times.map((_, index) => modes.reduce((all, one) => all + (one.values[index] ?? 0), 0)),
            `while ${modes.map(name).join(", ")} was 1`);
          const of = (label, name, quantile, family) => ({
            label, name, values: gauge(family, { quantile, over: "10s" }),
            minutes: gauge(family, { quantile, over: "1m" }),
          });
          latencyChart.draw([
            of("p50", "p50", "0.5", "request_duration_seconds"),
            of("p95", "p95", "0.95", "request_duration_seconds"),
            of("p99", "p99", "0.99", "request_duration_seconds"),
            of("first byte, p50", "first", "0.5", "time_to_first_byte_seconds"),
          ]);
          drawRefusals();
        }

        function drawRefusals() {
          const all = named("plugin_decisions", { decision: "refuse" })
            .map((one) => ({ label: one.labels.plugin, counts: one.values }))
            .filter((one) => sum(one.counts) > 0)
            .sort((one, other) => sum(other.counts) - sum(one.counts));
          const shown = all.slice(0, 4);
          if (all.length > 4) {
            const rest = all.slice(4);
            shown.push({
              label: `${rest.length} others`,
              counts: times.map((_, index) => rest.reduce((all, one) => all + one.counts[index], 0)),
            });
          }
          show(refusalChart.legend, shown.length > 0);
          show(find("chart-refusals-none"), shown.length === 0);
          refusalChart.draw(shown.map((one, index) =>
            ({ ...one, name: "abcde"[index], values: perSecond(one.counts) })));
        }

        function draw() {
          if (!latest.status || times.length === 0) return;
          show(document.querySelector("main"), true);
          drawVerdict();
          // The title tells on.
          if (document.hidden) return;
          const { version, started, generation, state } = latest.status;
          const where = { memory: "in memory", connecting: "in memory", shared: "in Redis" };
          say(find("process"), `${version} at ${location.host}, up for ${ago(started)}, `
            + `configuration ${generation}, `
            + `limits counted ${where[state.status ?? state.kind] ?? "without Redis, which is away"}`);
          drawFigures();
          drawCharts();
          drawRequests();
          drawTargets();
          drawPlugins();
          drawSpend();
          drawRoutes();
        }

        // --- The token

        const tokenKey = "sluice-admin-token";
        let token = sessionStorage.getItem(tokenKey);
        let isTokenWanted = false;
        const form = find("token-form");

        form.addEventListener("submit", (event) => {
          event.preventDefault();
          token = find("token").value;
          sessionStorage.setItem(tokenKey, token);
          isTokenWanted = false;
          show(form, false);
          connect();
        });
        find("forget").addEventListener("click", () => {
          sessionStorage.removeItem(tokenKey);
          location.reload();
        });

        function askForToken() {
          isTokenWanted = true;
          body.dataset.state = "token";
          tellConnection("not connected", "");
          if (token) say(find("token-say"), "That was not the token. It is admin.token in plugins.json.");
          token = null;
          sessionStorage.removeItem(tokenKey);
          show(document.querySelector("main"), false);
          show(form, true);
          find("token").value = "";
          find("token").focus();
        }

        // A field holds bytes; other characters than ASCII go as their UTF-8.
        const field = (text) => String.fromCharCode(...new TextEncoder().encode(text));

        // --- The events

        // Without news for so long, what is shown is not live; without a byte for so long, nothing comes.
        const patience = 3500;
        const endurance = 10000;
        let movedAt = performance.now();
        let heardAt = performance.now();
        let heardTime = Date.now();
        let attempt = null;

        /** The time is beside the state, so that a screen reader does not read it out every second. */
        function tellConnection(state, time) {
          say(find("connection-state"), state);
          say(find("connection-time"), time);
        }

        function heard() {
          heardAt = performance.now();
          heardTime = Date.now();
          if (body.dataset.state !== "live") body.dataset.state = "live";
          tellConnection("live", `, ${clock(latest.time)}`);
          show(find("forget"), token !== null);
        }

        function lost() {
          body.dataset.state = "lost";
          tellConnection(`disconnected since ${clock(heardTime)}`, ` (${span(Date.now() - heardTime)})`);
          find("verdict").dataset.level = "lost";
          say(find("verdict-heading"), `No news since ${clock(heardTime)}`);
          find("findings").replaceChildren();
          document.title = "(no news) Sluice";
        }

        function handle(text) {
          const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(text) ?? [];
          if (name === "history") begin(JSON.parse(data));
          if (name === "sample") {
            take(JSON.parse(data));
            heard();
            draw();
          }
        }

        async function connect() {
          if (attempt || isTokenWanted) return;
          attempt = new AbortController();
          const { signal } = attempt;
          const begun = performance.now();
          movedAt = begun;
          try {
            const headers = token === null ? {} : { authorization: `Bearer ${field(token)}` };
            const response = await fetch("dashboard/events", { headers, signal, cache: "no-store" });
            if (response.status === 401) return askForToken();
            if (!response.ok) throw new Error(`status ${response.status}`);
            const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
            let text = "";
            for (;;) {
              const { value, done } = await reader.read();
              if (done) break;
              movedAt = performance.now();
              text += value;
              const events = text.split("\n\n");
              text = events.pop();
              events.forEach(handle);
            }
          } catch {
            if (!isTokenWanted) lost();
          } finally {
            attempt = null;
            // At once where the stream has ended, as it does when the configuration changes.
            const waited = performance.now() - begun;
            setTimeout(connect, Math.max(0, 1000 - waited));
          }
        }

        setInterval(() => {
          if (isTokenWanted) return;
          const now = performance.now();
          if (now - heardAt > patience) lost();
          if (now - movedAt > endurance) attempt?.abort();
        }, 1000);
        document.addEventListener("visibilitychange", draw);
        connect();
        """#
}
