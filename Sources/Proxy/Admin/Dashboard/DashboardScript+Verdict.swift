extension DashboardScript {
    /// What the reader is told first: whether it is well, and what is not.
    static let verdict = #"""
        const levels = ["well", "note", "attention", "bad"];
        const headings = {
          well: "All is well", note: "All is well", attention: "Needs attention", bad: "In trouble",
        };

        /** All that is worth telling: [{ level, what, detail, where }]. */
        function findings() {
          const found = [];
          const tell = (level, where, what, detail = "") => found.push({ level, where, what, detail });
          tellProcess(tell);
          tellTraffic(tell);
          tellUpstreams(tell);
          tellPlugins(tell);
          return found.sort((one, other) => levels.indexOf(other.level) - levels.indexOf(one.level));
        }

        function tellProcess(tell) {
          const { status, state } = latest.status;
          if (status === "draining") {
            tell("attention", "verdict", "The process is draining", "It takes no new connections.");
          } else if (status !== "ready") {
            tell("attention", "verdict", `The process is ${status}`);
          }
          if (state.status === "away") {
            tell("attention", "plugins", "Redis is away, so limits are not shared with other processes",
              `${state.reason}; meanwhile: ${state.when_unavailable}`);
          } else if (state.status === "connecting") {
            tell("note", "plugins", "Redis has not been reached yet");
          }
          const refused = sum(added("connections_refused_total"), minute);
          if (refused > 0) {
            tell("bad", "routes", "Connections are refused, because there are too many",
              `${count(refused, "connection", "connections")} in the last minute`);
          }
          if (sum(added("config_reloads_total", { result: "refused" })) > 0) {
            tell("attention", "verdict", "A reload was refused, and the old configuration stays",
              "The log has the reasons, and so has sluice check.");
          }
        }

        function tellTraffic(tell) {
          const ended = requestsOf("all", minute);
          const failed = requestsOf("5xx", minute);
          if (failed === 0) return;
          const level = failed >= ended / 10 ? "bad" : failed >= ended / 100 ? "attention" : "note";
          tell(failed < 3 ? "note" : level, "failures",
            `${share(failed, ended)} of the answers are 5xx`,
            `${whole.format(failed)} of ${whole.format(ended)} in the last minute`);
        }

        const classes = ["2xx", "3xx", "4xx", "5xx", "1xx"];

        function requestsOf(name, seconds) {
          const all = name === "all" ? added("requests") : added("requests", { class: name });
          return sum(all, seconds);
        }

        function tellUpstreams(tell) {
          for (const upstream of latest.upstreams) {
            if (upstream.panic) {
              tell("bad", "upstreams", `No target of ${upstream.name} is well, so all are used`);
            }
            for (const target of upstream.targets) {
              if (target.state === "up") continue;
              const level = target.state === "slow_start" ? "note" : "attention";
              const when = target.since ? ` since ${since(target.since)}` : "";
              tell(level, "upstreams",
                `${target.address} of ${upstream.name} is ${standing[target.state]?.word}${when}`,
                target.reason ?? "");
            }
          }
        }

        const standing = {
          up: { word: "healthy", level: "well" },
          ejected: { word: "ejected", level: "bad" },
          trial: { word: "on trial", level: "attention" },
          slow_start: { word: "returning", level: "attention" },
          failing_checks: { word: "failing its checks", level: "bad" },
        };

        function tellPlugins(tell) {
          const ended = requestsOf("all", minute);
          for (const plugin of latest.plugins) {
            const { label } = plugin;
            const lately = (decision) =>
              sum(added("plugin_decisions", { plugin: label, decision }), minute);
            if (lately("failed") > 0) {
              tell("bad", "plugins", `${label} fails`,
                `${count(lately("failed"), "request", "requests")} in the last minute`);
            }
            const refused = lately("refuse");
            if (refused > 0) {
              tell(refused >= ended / 10 && refused >= 10 ? "attention" : "note", "refusals",
                `${label} refuses ${share(refused, ended)} of the requests`,
                `${whole.format(refused)} in the last minute${reasonsOf(label)}`);
            }
            const observed = lately("observed");
            if (observed > 0) {
              tell("note", "plugins",
                `${label} would refuse ${share(observed, ended)} of the requests`,
                `${whole.format(observed)} in the last minute; it only observes`);
            }
            tellState(tell, label, plugin.state, "");
          }
          for (const one of series.filter((one) => /_dropped_total$/.test(one.name))) {
            const lost = sum(one.values);
            if (lost === 0) continue;
            tell("attention", "plugins", `${one.labels.plugin ?? one.name} has lost records`,
              `${whole.format(lost)} in ten minutes${one.labels.reason ? `: ${one.labels.reason}` : ""}`);
          }
        }

        function reasonsOf(label) {
          const reasons = new Set(latest.refused.flatMap((request) => request.decisions)
            .filter((made) => made.plugin === label && made.decision === "refuse")
            .map((made) => made.reason));
          return reasons.size > 0 ? `: ${[...reasons].join(", ")}` : "";
        }

        /** A plugin that says of itself that it is active, or failing, is in no everyday condition. */
        function tellState(tell, label, state, part) {
          if (state === null || typeof state !== "object" || Array.isArray(state)) return;
          const name = part ? `${label} (${part})` : label;
          if (state.active === true) {
            const from = state.since ? ` since ${since(state.since)}` : "";
            const to = state.until ? `until ${clock(Date.parse(state.until))}` : "";
            tell("attention", "plugins", `${name} is active${from}`, to);
          }
          if (state.failing_since) {
            tell("bad", "plugins", `${name} fails since ${since(state.failing_since)}`);
          }
          for (const [key, value] of Object.entries(state)) {
            tellState(tell, label, value, key === "upstreams" ? "" : key);
          }
        }

        function drawVerdict() {
          const found = findings();
          const level = found[0]?.level ?? "well";
          const section = find("verdict");
          section.dataset.level = level;
          say(find("verdict-heading"), headings[level]);
          const serious = found.filter((one) => one.level === "attention" || one.level === "bad").length;
          document.title = serious > 0 ? `(${serious}) ${headings[level]} · Sluice` : "Sluice";
          const list = find("findings");
          while (list.children.length > found.length) list.lastChild.remove();
          found.forEach((one, index) => {
            const item = list.children[index] ?? list.appendChild(make("li"));
            if (!item.children.length) item.append(make("a"), " ", make("span", "detail"));
            item.className = `level-${one.level}`;
            item.firstChild.href = `#${one.where}`;
            say(item.firstChild, one.what);
            say(item.lastChild, one.detail);
          });
        }

        """#
}
