# SPDX-License-Identifier: Apache-2.0
"""OpenMetrics 1.0 text, read without any tolerance: what a strict scraper would refuse is an AssertionError here."""
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)\Z')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|\Z)')
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|Inf|NaN)\Z")
SUFFIXES = {"counter": ["_total"], "gauge": [""], "info": ["_info"], "histogram": ["_bucket", "_count", "_sum"]}


class Family:
    def __init__(self, name):
        self.name = name
        self.type = self.unit = self.help = None
        self.samples = {}  # (suffix, labels) -> value

    def label_names(self):
        return {name for _, labels in self.samples for name, _ in labels if name != "le"}


def parse_labels(text):
    labels = []
    at = 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, f"bad labels: {text!r}"
        labels.append((match[1], re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), match[2])))
        at = match.end()
        assert not (match[3] and at == len(text)), f"a comma at the end of {text!r}"
    names = [name for name, _ in labels]
    assert len(set(names)) == len(names), f"a label twice in {text!r}"
    return tuple(sorted(labels))


def parse(text):
    """Families by name."""
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1, "the exposition must end with # EOF"
    families, family = {}, None
    for line in text.split("\n")[:-2]:
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            assert NAME.match(name), line
            if family is None or family.name != name:
                assert name not in families, f"{name} comes twice, or is interleaved with others"
                family = families[name] = Family(name)
            assert not family.samples, f"metadata behind the samples: {line}"
            field = {"TYPE": "type", "UNIT": "unit", "HELP": "help"}[word]
            assert getattr(family, field) is None, f"twice: {line}"
            setattr(family, field, rest)
            continue
        match = SAMPLE.match(line)
        assert match and NUMBER.match(match[3]), f"bad sample: {line!r}"
        assert family and match[1].startswith(family.name), f"a sample outside of its family: {line}"
        suffix = match[1][len(family.name):]
        assert suffix in SUFFIXES[family.type], f"{line} in a {family.type}"
        key = (suffix, parse_labels(match[2] or ""))
        assert key not in family.samples, f"a sample twice: {line}"
        family.samples[key] = float(match[3])
    for family in families.values():
        check(family)
    return families


def check(family):
    assert family.type in SUFFIXES and family.help, f"{family.name} has no known type, or no help"
    if family.unit:
        assert family.name.endswith("_" + family.unit), f"{family.name} does not end with its unit {family.unit}"
    assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_info")), family.name
    assert len({tuple(n for n, _ in labels if n != "le") for _, labels in family.samples}) <= 1, (
        f"{family.name}: not all samples have the same labels")
    if family.type == "counter":
        assert all(value >= 0 for value in family.samples.values()), family.name
    if family.type == "histogram":
        buckets = [(float(dict(labels)["le"]), v) for (s, labels), v in family.samples.items() if s == "_bucket"]
        assert buckets == sorted(buckets) and buckets[-1][0] == math.inf, f"{family.name}: buckets not in order"
        assert [v for _, v in buckets] == sorted(v for _, v in buckets), f"{family.name}: not cumulative"
        assert buckets[-1][1] == family.samples["_count", ()], f"{family.name}: +Inf is not the count"


class Metrics:
    def __init__(self, text):
        self.families = parse(text)

    def value(self, name, **labels):
        """Of a gauge or a counter (without _total)."""
        family = self.families[name]
        return family.samples[SUFFIXES[family.type][0], tuple(sorted(labels.items()))]

    def count(self, name):
        """How many values a histogram has."""
        return self.families[name].samples["_count", ()]
