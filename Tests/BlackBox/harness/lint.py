"""What `promtool check metrics` complains of, and some more: https://prometheus.io/docs/practices/naming/"""

import re

from prometheus_client.parser import text_string_to_metric_families

_BASE_UNITS = {
    "milliseconds": "seconds", "microseconds": "seconds", "minutes": "seconds", "hours": "seconds", "days": "seconds",
    "ms": "seconds", "kilobytes": "bytes", "megabytes": "bytes", "bits": "bytes", "percent": "ratio",
}  # fmt: skip


def problems(text: str) -> list[str]:
    """What is wrong with a page of metrics."""
    found = []
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    found += [f"{name}: more than once" for name in names if names.count(name) > 1]
    for family in families:
        found += [f"{family.name}: {problem}" for problem in _problems(family)]
    seen = [re.split(r" (?=\S+$)", line)[0] for line in text.splitlines() if line and line[0] != "#"]
    if len(seen) != len(set(seen)):
        found.append("a series is there more than once")
    declared = re.findall(r"^# (HELP|TYPE) (\w+)", text, re.M)
    if len(declared) != len(set(declared)):
        found.append("a family is declared more than once")
    if not text.endswith("\n"):
        found.append("no line feed at the end")
    return found


def _problems(family):
    words = family.name.split("_")
    if family.type == "unknown":
        yield "no type"
    if not family.documentation:
        yield "no help"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", family.name):
        yield "no lower case"
    if family.type != "counter" and words[-1] == "total":
        yield "called a total, and no counter"
    if family.type != "histogram" and words[-1] in {"bucket", "count", "sum"}:
        yield "called a part of a histogram, and none"
    if set(words) & {"counter", "gauge", "histogram", "summary"}:
        yield "named for its type"
    for word in words:
        if word in _BASE_UNITS:
            yield f"in {word}, not in {_BASE_UNITS[word]}"
    for sample in family.samples:
        if family.type == "counter" and not sample.name.endswith("_total"):
            yield f"the counter {sample.name} is not called a total"
        if any(not re.fullmatch(r"[a-z][a-z0-9_]*", label) for label in sample.labels):
            yield f"labels {list(sample.labels)}"
        if family.type != "histogram" and {"le", "quantile"} & sample.labels.keys():
            yield "a label of histograms or summaries"
        if family.type in {"counter", "histogram"} and not sample.value >= 0:
            yield f"{sample.name} is {sample.value}"
    if family.type == "histogram":
        yield from _histogram_problems(family)


def _histogram_problems(family):
    series = {}
    for sample in family.samples:
        key = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        series.setdefault(key, []).append(sample)
    for key, samples in series.items():
        buckets = [(float(s.labels["le"]), s.value) for s in samples if s.name == family.name + "_bucket"]
        if buckets != sorted(buckets) or [value for _, value in buckets] != sorted(value for _, value in buckets):
            yield f"buckets of {key} that do not grow"
        counts = [s.value for s in samples if s.name == family.name + "_count"]
        if not buckets or buckets[-1][0] != float("inf") or counts != [buckets[-1][1]]:
            yield f"{key} without a last bucket that holds all"
        if sum(s.name == family.name + "_sum" for s in samples) != 1:
            yield f"{key} without a sum"
