"""Prints the table of prices that the Worker is built with, made from the package genai-prices.

A JSON document whose lines are readable as differences: what it is from, then a model a line,
sorted: [provider, id, clauses, periods]. A clause is a text whose first character says what it
asks of a name: `=` to be that, `^` to begin so, `~` to have it in it, `$` to end so, `@` to be
that with a date behind, `#` to begin so and go on with a digit, `!` to have no such part; a
list of them asks for all. A period is [the day from which it holds or "", prices, and dearer
prices above a number of tokens, each [number, prices]]. Prices are millionths of a dollar per
million tokens: i input, o output, r read from a cache, w written to one for five minutes, h for
an hour, a input of audio. Leaves out models that are not paid by tokens, and retired ones.
"""

import datetime
import json
import re
import sys
from decimal import Decimal
from importlib.metadata import version

from genai_prices.data import providers

KEPT = """anthropic openai google mistral cohere deepseek x-ai voyageai moonshotai zai minimax
    aws azure groq perplexity""".split()

KEYS = {
    "input_mtok": "i",
    "output_mtok": "o",
    "cache_read_mtok": "r",
    "cache_write_mtok": "w",
    "cache_write_1h_mtok": "h",
    "input_audio_mtok": "a",
}

# Where the package has prices by the time of day that the vendor gave up, and litellm has the
# present ones: since 2025-09-29, https://api-docs.deepseek.com/quick_start/pricing.
DEEPSEEK = [
    ["", {"i": 270_000, "o": 1_100_000, "r": 70_000}],
    ["2025-09-29", {"i": 280_000, "o": 420_000, "r": 28_000}],
]
OVERRIDES = {
    ("deepseek", "deepseek-chat"): DEEPSEEK,
    ("deepseek", "deepseek-reasoner"): [
        ["", {"i": 550_000, "o": 2_190_000, "r": 140_000}],
        DEEPSEEK[1],
    ],
}

DATES = [r"[-@]\d{8}$", r"-\d{8}$", r"-\d{4}-\d{2}-\d{2}$"]
NO_SPEECH = r"^(?!.*-[tT][tT][sS](?:$|-))"


def unescaped(literal):
    """What a regular expression asks for, where it asks for that alone."""
    plain = re.sub(r"\\([.\-])", r"\1", literal)
    if re.search(r"[\\^$*+?()\[\]{}|]", plain):
        raise ValueError(f"a regular expression of a shape that nothing here knows: {literal}")
    return plain


def of_regex(regex):
    if regex == NO_SPEECH:
        return "!-tts"
    for date in DATES:
        if regex.startswith("^") and regex.endswith(date):
            return "@" + unescaped(regex[1 : -len(date)])
    if regex.startswith("^") and regex.endswith(r"\d"):
        return "#" + unescaped(regex[1:-2])
    raise ValueError(f"a regular expression of a shape that nothing here knows: {regex}")


def clauses(match):
    """The clauses of which a name has to fit one."""
    kind = type(match).__name__
    if kind == "ClauseOr":
        return [clause for one in match.or_ for clause in clauses(one)]
    if kind == "ClauseAnd":
        parts = [clauses(one) for one in match.and_]
        if any(len(part) != 1 for part in parts):
            raise ValueError(f"a clause of a shape that nothing here knows: {match}")
        return [[part[0] for part in parts]]
    signs = {"equals": "=", "starts_with": "^", "contains": "~", "ends_with": "$"}
    if kind == "ClauseRegex":
        return [of_regex(match.regex)]
    ((field, text),) = vars(match).items()
    return [signs[field] + text.lower()]


def whole(price):
    value = price * 1_000_000
    if value != int(value):
        raise ValueError(f"a price of more than six decimals per million: {price}")
    return int(value)


def period(start, prices):
    """A period, or None where its prices are not those of tokens."""
    said = {key: value for key, value in vars(prices).items() if value is not None}
    others = [key for key in said if key.startswith("output_") and key.endswith("_mtok")]
    if "input_mtok" not in said or ("output_mtok" not in said and others):
        return None
    starts = sorted({tier.start for value in said.values() if not isinstance(value, Decimal) for tier in value.tiers})

    def above(start):
        at = {}
        for name, key in KEYS.items():
            value = said.get(name)
            if value is None:
                continue
            if not isinstance(value, Decimal):
                reached = [tier.price for tier in value.tiers if start is not None and tier.start <= start]
                value = reached[-1] if reached else value.base
            at[key] = whole(value)
        return at

    return [start, above(None), *([start, above(start)] for start in starts)]


def hours(constraint):
    def minutes(at):
        return at.hour * 60 + at.minute

    return (minutes(constraint.end_time) - minutes(constraint.start_time)) % (24 * 60)


def periods(model):
    """The periods of a model. Of prices by the time of day those of most of the day count."""
    if not isinstance(model.prices, list):
        return [period("", model.prices)]
    by_day, by_time = [], []
    for one in model.prices:
        kind = type(one.constraint).__name__
        if kind == "TimeOfDateConstraint":
            by_time.append(one)
        else:
            start = "" if one.constraint is None else one.constraint.start_date.isoformat()
            by_day.append(period(start, one.prices))
    if sum(hours(one.constraint) for one in by_time) > 12 * 60:
        by_day[-1] = period(by_day[-1][0], by_time[-1].prices)
    return by_day


rows = []
for provider in providers:
    if provider.id not in KEPT:
        continue
    for model in provider.models:
        said = OVERRIDES.get((provider.id, model.id)) or periods(model)
        if model.deprecated or None in said:
            continue
        own = "=" + model.id.lower()
        match = [clause for clause in clauses(model.match) if clause != own]
        rows.append([provider.id, model.id.lower(), match, said])

head = {
    "source": f"genai-prices {version('genai-prices')}",
    "generated": sys.argv[1] if len(sys.argv) > 1 else datetime.date.today().isoformat(),
    "license": "MIT, Copyright (c) Pydantic Services Inc. 2025 to present",
}


def line(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


rows.sort(key=lambda row: (row[0], row[1]))
print("[" + ",\n".join(line(value) for value in [head, *rows]) + "]")
