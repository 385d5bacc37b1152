"""The published client's `validate` against a running Edgespan: a client that takes every
failure of a request for a pass must never meet one.

    TWOSIGNAL_BASE_URL=http://localhost:3000 TWOSIGNAL_API_KEY=ts_… python validate.py
"""

import sys

import twosignal

client = twosignal.TwoSignal()

CASES = [
    # output, evaluators, what else, whether it passes, the codes of what failed
    ("Your refund is on its way.", [{"type": "CONTAINS", "config": {"value": "refund"}}], {}, True, [None]),
    ("Nein, größer als 😀.", [{"type": "LENGTH", "config": {"max": 19}, "name": "short"}], {}, True, [None]),
    ({"answer": "Paris", "n": 1}, [{"type": "JSON_SCHEMA", "config": {"schema": {"required": ["answer"]}}}], {}, True, [None]),
    ("half \ud83d of it", [{"type": "LENGTH", "config": {"min": 1}}], {"input": "?"}, True, [None]),
    (None, [{"type": "LENGTH", "config": {"min": 1}}], {}, False, [None]),
    (
        "abc",
        [{"type": "CONTAINS", "config": {}}, {"type": "EXACT_MATCH", "config": {"expected_output": "ABC"}}],
        {"fail_mode": "all"},
        True,
        ["INVALID_CONFIG", None],
    ),
    ("abc", [{"type": "EXACT_MATCH"}], {}, False, ["MISSING_INPUT"]),
]

problems = []
for output, evaluators, more, passes, codes in CASES:
    data = client.validate(output, evaluators, **more)
    if data is None:
        problems.append(f"{evaluators}: the client got no answer")
        continue
    found = [result["error"] and result["error"]["code"] for result in data["results"]]
    if (data["pass"], found) != (passes, codes):
        problems.append(f"{evaluators}: {data}")
if client.validate("x", []) is not None:
    problems.append("a request that is malformed was answered")
client.shutdown()
for problem in problems:
    print(f"DIFFERENCE: {problem!a}")
print(f"{len(CASES)} asked, {len(problems)} differences")
sys.exit(1 if problems else 0)
