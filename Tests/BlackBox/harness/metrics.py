"""What /metrics says, read with the parser of Prometheus's own client."""

import re
from decimal import Decimal

from prometheus_client.parser import text_string_to_metric_families


class Metrics:
    def __init__(self, text: str):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name that carry these labels; 0 when there is none."""
        return sum(
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def labels(self, name: str) -> list[dict[str, str]]:
        return [s.labels for family in self.families.values() for s in family.samples if s.name == name]

    def exact(self, name: str) -> list[tuple[dict[str, str], Decimal]]:
        """The samples of that name with every digit of their values, which a float would lose."""
        lines = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", self.text, re.M)
        return [(dict(re.findall(r'(\w+)="([^"]*)"', labels)), Decimal(value)) for labels, value in lines]
