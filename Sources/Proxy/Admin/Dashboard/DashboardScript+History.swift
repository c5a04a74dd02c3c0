extension DashboardScript {
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
