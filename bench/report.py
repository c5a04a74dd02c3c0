"""The tables, made from the runs."""

from statistics import median

UNITS = {"small": "req", "sse": "event", "download": "req", "upload": "req"}
TITLES = {
    "small": "small: POST 500 B, answer 600 B, 64 connections",
    "sse": "sse: 200 streams, an event each 10 ms (p50/p99: from the upstream's send to the client)",
    "download": "download: GET 1 MiB, 16 connections",
    "upload": "upload: POST 1 MiB, 16 connections",
}
METRICS = [
    ("rate", "rate"),
    ("cpu_us", "CPU"),
    ("p50_us", "p50"),
    ("p99_us", "p99"),
]


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def summarize(runs, labels):
    """Per scenario and proxy: medians over the rounds, and the ratios to the first proxy, round by round."""
    summary = {}
    for scenario in dict.fromkeys(run["scenario"] for run in runs):
        of = {
            label: {
                run["round"]: run
                for run in runs
                if run["scenario"] == scenario and run["proxy"] == label
            }
            for label in labels
        }
        base = of[labels[0]]
        summary[scenario] = {}
        for label in labels:
            entry = {"errors": sum(run["errors"] for run in of[label].values())}
            cores = [run["core_percent"] for run in of[label].values()]
            entry["core_percent"] = median(cores) if None not in cores else None
            for metric, _ in METRICS:
                values = [run[metric] for run in of[label].values() if run[metric] is not None]
                entry[metric] = median(values) if values else None
                ratios = [
                    run[metric] / base[round_number][metric]
                    for round_number, run in sorted(of[label].items())
                    if round_number in base and run[metric] is not None and base[round_number][metric]
                ]
                entry[metric + "_ratios"] = ratios
                entry[metric + "_ratio"] = median(ratios) if ratios else None
            bare = of.get("sluice", {})
            entry["cpu_us_added"] = [
                run["cpu_us"] - bare[round_number]["cpu_us"]
                for round_number, run in sorted(of[label].items())
                if round_number in bare and label != "sluice" and label.startswith("sluice")
            ]
            summary[scenario][label] = entry
    return summary


def text(summary, labels):
    parts = []
    for scenario, entries in summary.items():
        unit = UNITS[scenario]
        rows = [["", f"{unit}s/s", f"CPU µs/{unit}", "p50 µs", "p99 µs", "core %", "errors"]]
        for label in labels:
            entry = entries[label]
            rows.append(
                [label]
                + [number(entry[metric]) for metric, _ in METRICS]
                + [number(entry["core_percent"]), str(entry["errors"])]
            )
        parts.append(f"{TITLES[scenario]}\n{table(rows)}")

        rows = [[f"ratio to {labels[0]}", "", "median", "by round"]]
        for label in labels[1:]:
            for metric, name in METRICS:
                ratios = entries[label][metric + "_ratios"]
                if ratios:
                    rows.append(
                        [
                            label,
                            name,
                            f"{entries[label][metric + '_ratio']:.3f}",
                            " ".join(f"{ratio:.3f}" for ratio in ratios),
                        ]
                    )
        if len(rows) > 1:
            parts.append(table(rows))

        rows = [[f"CPU µs/{unit} more than sluice without plugins", "median", "by round"]]
        for label in labels:
            added = entries[label]["cpu_us_added"]
            if added:
                rows.append([label, f"{median(added):.2f}", " ".join(f"{more:.2f}" for more in added)])
        if len(rows) > 1:
            parts.append(table(rows))
    return "\n\n".join(parts)
