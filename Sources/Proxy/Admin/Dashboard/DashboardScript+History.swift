/// The dashboard's script, in parts that stand together as one module.
enum DashboardScript {}

extension DashboardScript {
    /// Making and changing elements, and writing numbers for people. Whatever comes from outside gets into
    /// the page as text.
    static let basics = #"""
        const find = (id) => document.getElementById(id);
        const body = document.body;

        function make(tag, name, text) {
          const element = document.createElement(tag);
          if (name) element.className = name;
          if (text !== undefined) element.textContent = text;
          return element;
        }

        function say(element, text) {
          if (element.textContent !== text) element.textContent = text;
        }

        function show(element, isShown) {
          if (element.hidden === isShown) element.hidden = !isShown;
        }

        const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
        const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
        const money = (digits) => new Intl.NumberFormat("en", {
          style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: digits,
        });
        const [large, small] = [money(2), money(4)];
        const dollars = (amount) => (amount >= 1 ? large : small).format(amount);

        const rate = (value) => (value >= 100 ? whole : tenths).format(value);
        const share = (part, all) => (all > 0 ? `${tenths.format((100 * part) / all)} %` : "0 %");
        const count = (number, one, many) => `${whole.format(number)} ${number === 1 ? one : many}`;

        function duration(seconds) {
          if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
          if (seconds < 0.001) return `${whole.format(seconds * 1e6)} µs`;
          if (seconds < 0.01) return `${tenths.format(seconds * 1e3)} ms`;
          if (seconds < 1) return `${whole.format(seconds * 1e3)} ms`;
          return `${tenths.format(seconds)} s`;
        }

        function span(milliseconds) {
          const seconds = Math.max(0, Math.round(milliseconds / 1000));
          if (seconds < 120) return `${seconds} s`;
          if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
          if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
          return `${Math.floor(seconds / 86400)} days`;
        }

        const clock = (time) => new Date(time).toLocaleTimeString("en-GB");
        // Of the server's clock, so that a wrong one here makes no wrong age.
        const ago = (time) => span(latest.time - Date.parse(time));
        function since(time) {
          if (!time) return "";
          const age = latest.time - Date.parse(time);
          return `${clock(Date.parse(time))}, ${age >= 0 ? `${span(age)} ago` : `in ${span(-age)}`}`;
        }

        """#

    /// The last ten minutes of every number.
    static let history = #"""
        const kept = 600;
        const minute = 60;
        let times = [];
        let lengths = [];
        let series = [];
        let byName = new Map();
        // What the server has told last of each of its tables.
        let latest = {};

        function describe(described) {
          const values = described.values ?? [];
          const missing = described.kind === "counter" ? 0 : null;
          const made = { ...described, missing };
          made.values = values.length === times.length ? values : times.map(() => missing);
          series[described.number] = made;
          byName.set(described.name, [...(byName.get(described.name) ?? []), made]);
        }

        function begin(history) {
          times = history.times;
          lengths = history.lengths;
          series = [];
          byName = new Map();
          latest = {};
          history.series.forEach(describe);
        }

        function add(point) {
          times.push(point.time);
          lengths.push(point.length);
          for (const one of series) one.values.push(point.values[one.number] ?? one.missing);
          if (times.length <= kept) return;
          for (const list of [times, lengths, ...series.map((one) => one.values)]) list.shift();
        }

        function take(sample) {
          sample.series.forEach(describe);
          sample.points.forEach(add);
          const { series: _, points, ...tables } = sample;
          Object.assign(latest, tables);
        }

        function named(name, labels = {}) {
          return (byName.get(name) ?? []).filter((one) =>
            Object.entries(labels).every(([label, value]) => one.labels[label] === value));
        }

        /** All series of that name and with these labels, added up second by second. */
        function added(name, labels) {
          const all = named(name, labels);
          if (all.length === 1) return all[0].values;
          return times.map((_, index) => all.reduce((sum, one) => sum + (one.values[index] ?? 0), 0));
        }

        const gauge = (name, labels) => named(name, labels)[0]?.values ?? times.map(() => null);
        const last = (values) => values[values.length - 1];
        const sum = (values, seconds = kept) =>
          values.slice(-seconds).reduce((all, value) => all + (value ?? 0), 0);

        /** Per second, over the last so many. */
        const pace = (values, seconds) =>
          (1000 * sum(values, seconds)) / Math.max(1, sum(lengths, seconds));

        """#
}
