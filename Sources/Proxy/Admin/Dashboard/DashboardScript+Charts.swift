extension DashboardScript {
    /// Charts of ten minutes: a picture, what it shows in words, and a reading of any second of it by
    /// pointer or arrow keys.
    static let charts = #"""
        const height = 100;
        const svg = (tag, name) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
          if (name) element.setAttribute("class", name);
          return element;
        };
        const across = (index, length) => kept - length + index + 0.5;

        /** A round number that is not below. */
        function ceiling(value) {
          const ten = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
          return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * ten).find((step) => step >= value * 0.999);
        }

        class Chart {
          /**
           * - title, unit: above it.
           * - isStacked: areas on top of each other, from 0; otherwise lines, with a scale of powers of ten.
           * - columns: of the table below: [{ title, of: (one) => text }]
           * - text: how a value is written.
           */
          constructor(id, options) {
            Object.assign(this, options);
            this.figure = find(id);
            const caption = make("figcaption");
            caption.append(make("b", "", this.title), make("span", "", this.unit));
            this.plot = make("div", "plot");
            this.picture = svg("svg");
            this.picture.setAttribute("viewBox", `0 0 ${kept} ${height}`);
            this.picture.setAttribute("preserveAspectRatio", "none");
            this.picture.setAttribute("role", "img");
            this.picture.setAttribute("tabindex", "0");
            this.bands = svg("path", "band");
            this.grid = svg("g");
            this.shapes = svg("g");
            this.cursor = svg("line", "cursor");
            this.picture.append(this.bands, this.grid, this.shapes, this.cursor);
            this.plot.append(this.picture);
            const times = make("div", "times");
            for (const text of ["10 minutes ago", "5", "now"]) times.append(make("span", "", text));
            this.reading = make("output", "reading");
            this.bandsText = make("p", "quiet bands");
            this.legend = make("table", "legend");
            this.legend.append(make("caption", "unseen", this.title), make("thead"), make("tbody"));
            const row = make("tr");
            row.append(make("td"));
            for (const { title } of this.columns) row.append(scoped("col", title));
            this.legend.tHead.append(row);
            this.figure.append(caption, this.plot, times, this.reading, this.legend,
              this.bandsText);
            show(this.bandsText, false);
            this.follow();
          }

          follow() {
            this.at = null;
            const move = (place) => {
              this.at = place === null ? null : Math.max(0, Math.min(times.length - 1, place));
              this.read();
            };
            this.picture.addEventListener("pointermove", (event) => {
              const box = this.picture.getBoundingClientRect();
              const second = Math.floor(((event.clientX - box.left) / box.width) * kept);
              move(second - (kept - times.length));
            });
            this.picture.addEventListener("pointerleave", () => move(null));
            this.picture.addEventListener("blur", () => move(null));
            this.picture.addEventListener("keydown", (event) => {
              const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -minute, PageDown: minute }[event.key];
              if (!step && event.key !== "Escape") return;
              event.preventDefault();
              move(step ? (this.at ?? times.length - 1) + step : null);
            });
          }

          /** What it says of the second that is pointed at. */
          read() {
            const place = this.at === null ? 0 : across(this.at, times.length);
            this.cursor.setAttribute("visibility", this.at === null ? "hidden" : "visible");
            this.cursor.setAttribute("x1", place);
            this.cursor.setAttribute("x2", place);
            this.cursor.setAttribute("y1", 0);
            this.cursor.setAttribute("y2", height);
            if (this.at === null) return say(this.reading, "");
            const values = this.lines
              .filter((one) => one.values[this.at])
              .map((one) => `${one.label} ${this.text(one.values[this.at])}`);
            say(this.reading, `${clock(times[this.at])}: ${values.join(", ") || "nothing"}`);
          }

          /** lines: [{ label, name, values }], name being that of its colour. */
          draw(lines) {
            this.lines = lines;
            while (this.shapes.childNodes.length > lines.length) this.shapes.lastChild.remove();
            while (this.shapes.childNodes.length < lines.length) this.shapes.append(svg("path"));
            if (this.isStacked) this.drawAreas(); else this.drawLines();
            this.fillLegend();
            this.read();
            const row = (one) =>
              `${one.label}: ${this.columns.map((c) => `${c.title} ${c.of(one)}`).join(", ")}`;
            const text = `${this.title}. ${lines.map(row).join("; ")}`;
            if (this.picture !== document.activeElement) this.picture.setAttribute("aria-label", text);
          }

          /** Shades the seconds for which that is not 0, and says what it means. */
          shade(values, text) {
            const path = values.map((value, index) =>
              (value > 0 ? `M${across(index, values.length) - 0.5},0h1V${height}h-1Z` : "")).join("");
            this.bands.setAttribute("d", path);
            say(this.bandsText, path ? text : "");
            show(this.bandsText, path !== "");
          }

          drawAreas() {
            const floor = times.map(() => 0);
            const tops = this.lines.map((one) =>
              one.values.map((value, index) => (floor[index] += value ?? 0)));
            const top = ceiling(Math.max(this.least ?? 1, ...floor));
            const down = (value) => (height - (height * value) / top).toFixed(2);
            this.mark([[0, top], [0.5, top / 2]]);
            this.lines.forEach((one, number) => {
              const lower = number > 0 ? tops[number - 1] : null;
              const upper = tops[number];
              const there = upper.map((value, index) => `${across(index, upper.length)},${down(value)}`);
              const back = upper.map((_, index) =>
                `${across(index, upper.length)},${down(lower ? lower[index] : 0)}`).reverse();
              this.draws(number, one.name, there.length ? `M${there.join("L")}L${back.join("L")}Z` : "");
            });
          }

          drawLines() {
            const all = this.lines.flatMap((one) => one.values).filter((value) => value > 0);
            const low = Math.floor(Math.log10(Math.min(...all, this.lowest)));
            const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...all, this.highest))));
            const down = (value) =>
              (height * (1 - (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)));
            const marks = [];
            for (let power = low; power <= high; power++) {
              marks.push([1 - (power - low) / (high - low), 10 ** power]);
            }
            this.mark(marks);
            this.lines.forEach((one, number) => {
              let path = "";
              one.values.forEach((value, index) => {
                if (value === null) return;
                const place = `${across(index, one.values.length)},${down(value).toFixed(2)}`;
                const continues = index > 0 && one.values[index - 1] !== null;
                path += continues ? `L${place}` : `M${place}h.01`;
              });
              this.draws(number, `line ${one.name}`, path);
            });
          }

          draws(number, name, path) {
            const shape = this.shapes.childNodes[number];
            shape.setAttribute("class", name);
            shape.setAttribute("d", path);
          }

          /** Lines across, with their values: [[place from the top, value]]. */
          mark(marks) {
            const key = JSON.stringify(marks);
            if (this.marks === key) return;
            this.marks = key;
            this.grid.replaceChildren();
            for (const old of this.plot.querySelectorAll(".scale")) old.remove();
            for (const [place, value] of marks) {
              const line = svg("line", "grid");
              for (const [name, at] of [["x1", 0], ["x2", kept]]) line.setAttribute(name, at);
              for (const name of ["y1", "y2"]) line.setAttribute(name, height * place);
              this.grid.append(line);
              const edge = place < 0.05 ? "scale top" : place > 0.95 ? "scale bottom" : "scale";
              const label = make("span", edge, this.text(value));
              label.setAttribute("aria-hidden", "true");
              label.style.setProperty("top", `${100 * place}%`);
              this.plot.append(label);
            }
          }

          fillLegend() {
            const rows = this.legend.tBodies[0];
            while (rows.rows.length > this.lines.length) rows.lastChild.remove();
            this.lines.forEach((one, number) => {
              const row = rows.rows[number] ?? rows.appendChild(make("tr"));
              if (!row.cells.length) {
                const head = scoped("row", "");
                head.append(make("span"), make("span"));
                row.append(head, ...this.columns.map(() => make("td")));
              }
              row.cells[0].firstChild.className = `key ${one.name}`;
              say(row.cells[0].lastChild, one.label);
              this.columns.forEach((column, index) => say(row.cells[index + 1], column.of(one)));
            });
          }
        }

        function scoped(scope, text) {
          const head = make("th", "", text);
          head.scope = scope;
          return head;
        }

        /** Ten minutes in a table's cell, in steps of five seconds. */
        function sparkPath(values) {
          const step = 5;
          const sums = [];
          for (let end = values.length; end > 0; end -= step) {
            sums.unshift(sum(values.slice(Math.max(0, end - step), end)));
          }
          const top = Math.max(...sums, 1);
          const start = kept / step - sums.length;
          return sums
            .map((value, index) => (value > 0
              ? `M${start + index},100V${(100 - (100 * value) / top).toFixed(1)}h.9V100Z` : ""))
            .join("");
        }

        """#
}
