extension DashboardScript {
    /// What each plugin decided and tells of itself, and what was spent.
    static let plugins = #"""
        function drawPlugins() {
          fill("instances", [
            { title: "Plugin" }, { title: "Decided, since the start" }, { title: "Ten minutes" },
            { title: "A hook takes" }, { title: "Tells of itself", name: "wide" },
          ], latest.plugins.map((plugin) => {
            const of = (decision) =>
              added("plugin_decisions", { plugin: plugin.label, decision });
            const [refused, observed, failed] = ["refuse", "observed", "failed"].map(of);
            const bad = refused.map((value, index) => value + observed[index] + failed[index]);
            const words = [
              [sum(refused), "refused"], [sum(observed), "would be refused"], [sum(failed), "failed"],
            ].filter(([number]) => number > 0)
              .map(([number, word]) => `${whole.format(number)} ${word}`);
            const time = plugin.duration_seconds;
            return [
              {
                text: plugin.label, badge: plugin.mode,
                small: [
                  plugin.plugin === plugin.label ? "" : plugin.plugin,
                  plugin.routes.length > 0 ? `on ${plugin.routes.join(", ")}` : "on no route",
                ].filter(Boolean).join(", "),
              },
              {
                list: plugin.decisions.map(({ decision, reason, count }) =>
                  `${decision}${reason ? ` ${reason}` : ""}: ${whole.format(count)}`),
                isEmpty: plugin.decisions.length === 0,
              },
              tenMinutes(bad, words.join(", "), "none refused"),
              time.p50 === null ? "" : `p50 ${duration(time.p50)}, p99 ${duration(time.p99)}`,
              { state: plugin.state, isEmpty: plugin.state === null },
            ];
          }));
        }

        const written = (value) =>
          value === null ? "none" : value === true ? "yes" : value === false ? "no"
            : typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) ? since(value)
              : String(value);

        /** A plugin's state as lines "a.b: value". */
        function lines(state, path = "") {
          if (state === null || typeof state !== "object") return [`${path}: ${written(state)}`];
          return Object.entries(state).flatMap(([key, value]) =>
            lines(value, path ? `${path}.${key}` : key));
        }

        /** What is a number or a word in front, and what has parts behind a summary that stays open. */
        function fillState(cell, state) {
          if (state === null || typeof state !== "object") {
            return cell.replaceChildren(state === null ? "" : make("span", "", written(state)));
          }
          let box = cell.querySelector("div.state");
          if (!box) {
            box = make("div", "state");
            const more = make("details");
            more.append(make("summary", "", "more"), make("ul", "inside"));
            box.append(make("span"), more);
            cell.replaceChildren(box);
          }
          const isPlain = ([, value]) => value === null || typeof value !== "object";
          const entries = Object.entries(state);
          const plain = entries.filter(isPlain).filter(([, value]) => value !== null);
          say(box.firstChild, plain.map(([key, value]) => `${key}: ${written(value)}`).join(", "));
          const parts = entries.filter((entry) => !isPlain(entry)).flatMap(([key, value]) =>
            lines(value, key));
          const more = box.lastChild;
          show(more, parts.length > 0);
          const list = more.lastChild;
          while (list.children.length > parts.length) list.lastChild.remove();
          parts.forEach((text, index) => say(list.children[index] ?? list.appendChild(make("li")), text));
        }

        // --- Spend

        function drawSpend() {
          const ofName = (name) => latest.metrics.filter((one) => one.name === name);
          const costs = ofName("cost_usd_total");
          show(find("spend"), costs.length > 0);
          if (costs.length === 0) return;
          const tokens = ofName("tokens_total");
          const rows = costs.map(({ labels, value }) => {
            const lately = sum(added("cost_usd_total", labels));
            const kinds = tokens.filter((one) =>
              Object.entries(labels).every(([name, label]) => one.labels[name] === label));
            return { labels, value, lately, kinds };
          }).sort((one, other) => other.lately - one.lately || other.value - one.value);
          const total = costs.reduce((all, one) => all + Number(one.value), 0);
          say(find("spend-sum"), `${dollars(rows.reduce((all, one) => all + one.lately, 0))} in `
            + `ten minutes, ${dollars(total)} since the start.`);
          fill("models", [
            { title: "Model" }, { title: "Upstream" }, { title: "Ten minutes", name: "number" },
            { title: "Since the start, US$", name: "number" }, { title: "Tokens, since the start" },
          ], rows.map(({ labels, value, lately, kinds }) => [
            labels.model ?? "", labels.upstream ?? "", dollars(lately), value,
            kinds.filter((one) => one.value !== "0")
              .map((one) => `${one.labels.kind}: ${whole.format(one.value)}`).join(", "),
          ]));
        }

        """#
}
