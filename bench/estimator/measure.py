"""Compares cost-meter's estimate with tokenizers, and with what providers counted of recorded completions."""

import base64
import glob
import gzip
import json
import random
import re
import statistics
import sys
from importlib.util import find_spec
from pathlib import Path

import tiktoken
import yaml
from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(sys.argv[1])
random.seed(1)

# --- The estimate, with the weights that the plugin has ---------------------------------------------

SOURCE = (ROOT / "Sources/Plugins/CostMeter/Scanning/TextMeasure+Tokens.swift").read_text()
KINDS = ["letters", "spaces", "digits", "marks", "twoBytes", "threeBytes", "fourBytes"]
WEIGHTS = {kind: int(re.search(rf"\b{kind}\)? \* (\d+)", SOURCE)[1]) for kind in KINDS}


def estimate(text: str) -> float:
    counts = dict.fromkeys(KINDS, 0)
    for byte in text.encode():
        if byte >= 0xF0:
            counts["fourBytes"] += 1
        elif byte >= 0xE0:
            counts["threeBytes"] += 1
        elif byte >= 0xC0:
            counts["twoBytes"] += 1
        elif byte == 0x20:
            counts["spaces"] += 1
        elif chr(byte).isdigit() and byte < 0x80:
            counts["digits"] += 1
        elif chr(byte).isalpha() and byte < 0x80:
            counts["letters"] += 1
        elif byte < 0x80:
            counts["marks"] += 1
    return max(1, (sum(counts[kind] * WEIGHTS[kind] for kind in KINDS) + 500) // 1000)


# --- Tokenizers ---------------------------------------------------------------------------------------

FILES = Path(find_spec("litellm").submodule_search_locations[0]) / "litellm_core_utils/tokenizers"
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$"
    r"|\s*[\r\n]|\s+(?!\S)|\s"
)
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{ENDING}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{ENDING}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def ranked(name: str, file: str, pattern: str):
    lines = (FILES / file).read_bytes().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}
    encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))


def described(file: str):
    tokenizer = Tokenizer.from_file(str(FILES / file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


TOKENIZERS = {
    "o200k": ranked("o200k", "fb374d419588a4632f3f557e76b4b70aebbca790", O200K),
    "cl100k": ranked("cl100k", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4", CL100K),
    "DeepSeek": described("deepseek_tokenizer.json"),
    "Claude 2": described("anthropic_tokenizer.json"),
}

# --- Texts --------------------------------------------------------------------------------------------

texts: dict[str, list[str]] = {}


def add(kind: str, text: str, pieces: int, size: int) -> None:
    for _ in range(pieces):
        start = random.randrange(max(1, len(text) - size))
        piece = text[start : start + size]
        if len(piece) >= 200:
            texts.setdefault(kind, []).append(piece)


packages = Path(find_spec("django").submodule_search_locations[0])
for path in sorted(packages.glob("**/*.py")):
    if "locale" not in path.parts:
        add("code, Python", path.read_text(errors="ignore"), 1, 1500)
for path in sorted((ROOT / "Sources").glob("**/*.swift")):
    add("code, Swift", path.read_text(), 1, 1500)
for path in sorted((ROOT / "docs").glob("**/*.md")):
    add("prose with code, English", path.read_text(), 2, 1500)
for path in sorted(packages.parent.glob("*.dist-info/METADATA")):
    add("prose with code, English", path.read_text(errors="ignore"), 2, 1500)

LANGUAGES = {
    "German, French, Spanish, Italian, Portuguese, Dutch": ["de", "fr", "es", "it", "pt_BR", "nl"],
    "Polish, Czech, Hungarian, Finnish, Turkish": ["pl", "cs", "hu", "fi", "tr"],
    "Russian, Ukrainian, Greek": ["ru", "uk", "el"],
    "Chinese, Japanese, Korean": ["zh_Hans", "zh_Hant", "ja", "ko"],
    "Arabic, Hebrew, Persian": ["ar", "he", "fa"],
    "Hindi, Bengali, Tamil, Thai": ["hi", "bn", "ta", "th"],
}
for kind, languages in LANGUAGES.items():
    for language in languages:
        messages = []
        for path in sorted(packages.glob(f"**/locale/{language}/LC_MESSAGES/django.po")):
            for match in re.findall(r'msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\n?)+)', path.read_text())[1:]:
                text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match))
                messages.append(text.replace("\\n", "\n").replace('\\"', '"'))
        random.shuffle(messages)
        add(kind, " ".join(filter(None, messages)), 20, 1000)

# --- Recorded completions -----------------------------------------------------------------------------


def completions():
    """Each text once, with the tokens that its provider counted, without those of hidden thoughts."""
    seen = set()
    for path in sorted(glob.glob(f"{FOLDER}/recorded/**/cassettes/**/*.yaml", recursive=True)):
        recording = yaml.load(Path(path).read_text(), Loader=yaml.CSafeLoader)
        for interaction in recording.get("interactions", []):
            body = interaction["response"]["body"]["string"]
            body = body if isinstance(body, bytes) else body.encode()
            if body[:2] == b"\x1f\x8b":
                body = gzip.decompress(body)
            try:
                text, count = read(body.decode())
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if text and count and text not in seen:
                seen.add(text)
                yield text, count


def read(body: str) -> tuple[str, int]:
    if body.lstrip()[:1] == "{":
        documents = [json.loads(body)]
    else:
        lines = [line[5:] for line in body.splitlines() if line.startswith("data:") and "[DONE]" not in line]
        documents = [json.loads(line) for line in lines]
    text, count = "", 0
    for document in documents:
        usage = document.get("usage") or (document.get("response") or {}).get("usage") or {}
        details = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
        written = usage.get("completion_tokens") or usage.get("output_tokens") or 0
        count = written - (details.get("reasoning_tokens") or 0) or count
        for choice in document.get("choices") or []:
            said = choice.get("message") or choice.get("delta") or {}
            text += (choice.get("text") or "") + (said.get("content") or "")
            for call in said.get("tool_calls") or []:
                text += call["function"].get("arguments") or ""
        for part in document.get("content") or []:
            text += part.get("text") or part.get("thinking") or ""
        for item in document.get("output") or []:
            text += "".join(part.get("text") or "" for part in item.get("content") or []) + (item.get("arguments") or "")
        delta = document.get("delta")
        if isinstance(delta, str):
            text += delta
        elif delta:
            text += delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""
    return text, count


# --- The table ----------------------------------------------------------------------------------------


def row(name: str, errors: list[float]) -> str:
    ordered = sorted(abs(error) for error in errors)
    ninth = ordered[int(len(ordered) * 0.9)]
    return f"{statistics.median(errors):+.0%}, {ninth:.0%}"


print("median error, and the size that nine of ten errors stay within\n")
print("| text |", " | ".join(TOKENIZERS), "|")
print("|---|" + "---|" * len(TOKENIZERS))
for kind, pieces in texts.items():
    cells = [row(kind, [estimate(piece) / count(piece) - 1 for piece in pieces]) for count in TOKENIZERS.values()]
    print(f"| {kind} |", " | ".join(cells), "|")

found = list(completions())
print("\n| recorded completions | how many | median error, nine of ten within | all together |")
print("|---|---|---|---|")
for low, high in [(1, 20), (20, 50), (50, 150), (150, 10**9)]:
    some = [(estimate(text), count) for text, count in found if low <= count < high]
    errors = [guess / count - 1 for guess, count in some]
    total = sum(guess for guess, _ in some) / sum(count for _, count in some) - 1
    print(f"| {low} to {high - 1} tokens | {len(some)} | {row('', errors)} | {total:+.1%} |")
total = sum(estimate(text) for text, _ in found) / sum(count for _, count in found) - 1
print(f"| all | {len(found)} | {row('', [estimate(text) / count - 1 for text, count in found])} | {total:+.1%} |")
