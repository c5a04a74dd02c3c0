extension DashboardScript {
    /// The figures in front, and the tables below them.
    static let tables = #"""
        // --- Figures

        function figure(id, title, value, note, level = "") {
          const list = find("figures");
          let box = find(`figure-${id}`);
          if (!box) {
            box = make("div");
            box.id = `figure-${id}`;
            box.append(make("dt", "", title), make("dd", "value"), make("dd", "note"));
            list.append(box);
          }
          box.children[1].className = level ? `value is-${level}` : "value";
          say(box.children[1], value);
          say(box.children[2], note);
        }

        function drawFigures() {
          const { connections, requests, requests_in_flight: inFlight } = latest.totals;
          const total = requests.flatMap((route) => Object.values(route.statuses))
            .reduce((all, number) => all + number, 0);
          const ended = requestsOf("all", minute);
          const failed = requestsOf("5xx", minute);
          const refused = sum(added("plugin_decisions", { decision: "refuse" }), minute);
          figure("rate", "Requests", `${rate(pace(added("requests"), 10))}/s`,
            `${whole.format(total)} since the start`);
          figure("refused", "Refused", share(refused, ended), `${whole.format(refused)} in a minute`,
            refused >= 10 && refused >= ended / 10 ? "attention" : "");
          figure("failed", "Failed (5xx)", share(failed, ended), `${whole.format(failed)} in a minute`,
            failed >= 3 && failed >= ended / 100 ? (failed >= ended / 10 ? "bad" : "attention") : "");
          figure("flight", "In flight", whole.format(inFlight),
            count(connections, "connection", "connections"));
          for (const [id, title, name] of [
            ["duration", "Latency, p50", "request_duration_seconds"],
            ["first", "First byte, p50", "time_to_first_byte_seconds"],
          ]) {
            const of = (quantile) => duration(last(gauge(name, { quantile, over: "1m" })));
            figure(id, title, of("0.5"), `p95 ${of("0.95")}\np99 ${of("0.99")}`);
          }
          if (byName.has("cost_usd_total")) {
            const spent = added("cost_usd_total");
            figure("spent", "Spend", dollars(sum(spent)), "in ten minutes");
          }
        }

        // --- Tables

        /** Cells are texts, or { text, name, list, spark, state }; what has not changed is left alone. */
        function fill(id, columns, rows) {
          const table = find(id);
          if (!table.tHead) {
            const row = make("tr");
            row.setAttribute("role", "row");
            for (const column of columns) {
              const head = scoped("col", column.title);
              if (column.name === "number") head.className = "number";
              head.setAttribute("role", "columnheader");
              row.append(head);
            }
            const head = make("thead");
            const group = make("tbody");
            for (const part of [head, group]) part.setAttribute("role", "rowgroup");
            head.append(row);
            table.append(head, group);
          }
          const group = table.tBodies[0];
          while (group.rows.length > rows.length) group.lastChild.remove();
          rows.forEach((cells, index) => {
            const row = group.rows[index] ?? group.appendChild(make("tr"));
            row.setAttribute("role", "row");
            cells.forEach((cell, place) => fillCell(row, place, columns[place], cell));
          });
          show(table, rows.length > 0);
          const none = find(`${id}-none`);
          if (none) show(none, rows.length === 0);
        }

        function fillCell(row, place, column, cell) {
          let box = row.cells[place];
          if (!box) {
            box = place === 0 ? scoped("row", "") : make("td");
            box.setAttribute("role", place === 0 ? "rowheader" : "cell");
            box.dataset.label = column.title;
            row.append(box);
          }
          const key = JSON.stringify(cell);
          if (box.key === key) return;
          box.key = key;
          const given = typeof cell === "object" ? cell : { text: cell };
          box.className = [column.name, given.isEmpty || given.text === "" ? "is-empty" : ""]
            .filter(Boolean).join(" ");
          if (given.state !== undefined) return fillState(box, given.state);
          box.replaceChildren(...parts(given));
        }

        function parts({ text, name, list, spark, badge, small }) {
          const made = [];
          if (text !== undefined) made.push(make("span", name ?? "", text));
          if (badge) made.push(" ", make("span", `mode ${badge}`, badge));
          if (small) made.push(make("div", "quiet", small));
          if (list) {
            const items = make("ul");
            items.append(...list.map((item) => make("li", "", item)));
            made.push(items);
          }
          if (spark) {
            const picture = svg("svg", `spark ${spark.name ?? ""}`);
            picture.setAttribute("viewBox", `0 0 ${kept / 5} 100`);
            picture.setAttribute("preserveAspectRatio", "none");
            picture.setAttribute("aria-hidden", "true");
            const path = svg("path");
            path.setAttribute("d", spark.path);
            picture.append(path);
            made.unshift(picture);
          }
          if (made.length < 2) return made;
          // In one box, so that on a phone it stands beside the column's name.
          const together = make("div");
          together.append(...made);
          return [together];
        }

        /** What went wrong lately: a picture where something did. */
        const tenMinutes = (values, some, none, name) => (some
          ? { spark: { path: sparkPath(values), name }, text: some } : { text: none, name: "quiet" });

        function drawTargets() {
          const sick = (target) => target.state !== "up";
          const all = latest.upstreams.flatMap((upstream) =>
            upstream.targets.map((target) => ({ upstream, target })));
          all.sort((one, other) => sick(other.target) - sick(one.target));
          fill("targets", [
            { title: "Target", name: "wide" }, { title: "State" },
            { title: "In flight", name: "number" }, { title: "Failed", name: "number" },
            { title: "Ten minutes" },
          ], all.map(({ upstream, target }) => {
            const { word, level } = standing[target.state] ?? { word: target.state };
            const failures = added("upstream_failures_total",
              { upstream: upstream.name, target: target.address });
            const next = target.next_try
              ? `next try in ${span(Date.parse(target.next_try) - latest.time)}` : "";
            const why = target.reason
              ? `${sick(target) ? "" : "the last time: "}${target.reason}` : "";
            const gets = sick(target) || target.share < 1 ? `gets ${share(target.share, 1)}` : "";
            return [
              {
                text: target.address,
                small: [`of ${upstream.name}${upstream.panic ? ", of which no target is well" : ""}`, why]
                  .filter(Boolean).join("; "),
              },
              {
                text: word, name: `is-${level}`,
                small: [since(target.since), next, gets].filter(Boolean).join("; "),
              },
              whole.format(target.requests_in_flight), whole.format(target.failures),
              tenMinutes(failures, sum(failures) > 0 ? `${whole.format(sum(failures))} failed` : "",
                "none failed", "failures"),
            ];
          }));
        }

        const requestColumns = [
          { title: "Time", name: "time" }, { title: "Status" }, { title: "Client" },
          { title: "Request", name: "wide request" }, { title: "Route" }, { title: "By" },
          { title: "Why", name: "wide why" }, { title: "Request ID", name: "identifier" },
        ];

        function requestRow(request, by, why) {
          return [
            clock(Date.parse(request.time)), String(request.status),
            { text: request.client ?? request.peer ?? "local", small: request.identity ?? "" },
            request.method === null ? "not understood" : `${request.method} ${request.path}`,
            request.route || "none", by, why, request.request_id ?? "",
          ];
        }

        // At first so many, and all of them for who asks.
        const few = 8;
        const isWhole = { refused: false, failed: false };
        for (const id of Object.keys(isWhole)) {
          find(`${id}-more`).addEventListener("click", () => {
            isWhole[id] = !isWhole[id];
            drawRequests();
          });
        }

        function fillRequests(id, rows) {
          fill(id, requestColumns, isWhole[id] ? rows : rows.slice(0, few));
          const more = find(`${id}-more`);
          show(more, rows.length > few);
          say(more, isWhole[id] ? `Show the last ${few}` : `Show the last ${rows.length}`);
          more.setAttribute("aria-expanded", String(isWhole[id]));
        }

        function drawRequests() {
          fillRequests("refused", latest.refused.map((request) => {
            const made = request.decisions.find((one) => one.decision === "refuse");
            return requestRow(request, made.plugin, made.reason);
          }));
          fillRequests("failed", latest.failed.map((request) => {
            const failed = request.decisions.find((one) => one.decision === "failed");
            const by = failed?.plugin ?? (request.aborted === "client" ? "the client"
              : request.upstream ?? (request.route ? "the proxy" : "no route"));
            const why = request.error ?? (request.route ? "" : "no route fits");
            return requestRow(request, by, why || `status ${request.status}`);
          }));
        }

        function drawRoutes() {
          fill("paths", [
            { title: "Route" }, { title: "Upstream" }, { title: "Requests", name: "number" },
            { title: "By status, since the start" },
          ], latest.totals.requests.filter((route) => Object.keys(route.statuses).length > 0)
            .map((route) => {
              const statuses = Object.entries(route.statuses);
              const all = statuses.reduce((sum, [, number]) => sum + number, 0);
              return [
                route.route || { text: "no route fits", name: "quiet" }, route.upstream,
                whole.format(all),
                statuses.map(([status, number]) => `${status}: ${whole.format(number)}`).join(", "),
              ];
            }));
        }

        """#
}
