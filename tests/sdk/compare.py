"""What the client emitted against what the API gives back."""

import json
import time
from datetime import datetime, timezone
from decimal import Decimal

PATIENCE_S = 30
NANO = Decimal("1e-9")


class Compared:
    """What was looked at, so that "no difference" says something."""

    traces = spans = by_envelope = by_span = errors = with_usage = bytes = 0


def compare(events, reader, problems):
    """Compares everything; adds differences to `problems`."""
    traces, spans = {}, {}
    for event in events:
        if event["type"] == "trace-create":
            traces[event["body"]["id"]] = event["body"]
        else:
            spans.setdefault(event["body"]["traceId"], []).append(event)
    deadline = time.monotonic() + PATIENCE_S
    for trace_id, body in traces.items():
        while True:
            found = reader.trace(trace_id)
            differences = ["is not there"] if found is None else list(_trace(body, spans.get(trace_id, []), found))
            if not differences or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        problems += [f"trace {body['name'][:40]!r} {trace_id}: {text}" for text in differences]
    problems += [f"spans of a trace that was never emitted: {id}" for id in spans.keys() - traces.keys()]
    problems += _list(traces, spans, list(reader.all_listed()))
    return _count(traces, spans)


def _trace(sent, span_events, found):
    spans = [event["body"] for event in span_events]
    starts = [sent["startTime"]] + [span["startTime"] for span in spans]
    ends = [span["endTime"] for span in spans if "endTime" in span]
    failed = [event for event in span_events if event["body"]["status"] == "ERROR"]
    root_failed = any(not event["body"].get("parentSpanId") for event in failed)
    usages = [span.get("usage") or {} for span in spans]
    yield from _differences(
        found,
        {
            "id": sent["id"],
            "name": sent["name"],
            "metadata": sent["metadata"],
            "tags": sent["tags"],
            "sessionId": sent.get("sessionId"),
            "parentTraceId": sent.get("parentTraceId"),
            "deploymentId": sent.get("deploymentId"),
            "evaluators": sent.get("evaluators", []),
            "startTime": _millis(min(starts, key=_time)),
            "endTime": _millis(max(ends, key=_time)) if ends else None,
            "status": "ERROR" if root_failed else "OK",
            "totalTokens": sum(usage.get("totalTokens", 0) for usage in usages),
            "spanCount": len(spans),
            "errorCount": len(failed),
            "scoreCount": 0,
            "scores": [],
        },
        ignoring_none={"evaluators"},
    )
    total = sum(Decimal(repr(span.get("cost", 0.0))) for span in spans)
    if abs(Decimal(found["totalCost"]) - total) > NANO * max(1, len(spans)):
        yield f"totalCost is {found['totalCost']}, {total} was sent"

    by_id = {span["id"]: span for span in found["spans"]}
    if len(by_id) != len(found["spans"]):
        yield "a span is there twice"
    expected = {span["id"] for span in spans}
    if expected != by_id.keys():
        yield f"{len(expected - by_id.keys())} spans are missing, {len(by_id.keys() - expected)} were never sent"
    ids = {name: event["body"]["id"] for event in span_events for name in (event["id"], event["body"]["id"])}
    for span in spans:
        if span["id"] in by_id:
            yield from (f"span {span['name'][:40]!r}: {text}" for text in _span(span, by_id[span["id"]], ids))


def _span(sent, found, ids):
    usage = sent.get("usage") or {}
    yield from _differences(
        found,
        {
            "traceId": sent["traceId"],
            # Whichever of its two ids the parent was called by.
            "parentSpanId": ids.get(sent.get("parentSpanId")),
            "name": sent["name"],
            "type": sent["type"],
            "startTime": _millis(sent["startTime"]),
            "endTime": _millis(sent["endTime"]),
            "input": sent.get("input"),
            "output": sent.get("output"),
            "model": sent.get("model"),
            "modelParameters": sent.get("modelParameters"),
            "promptTokens": usage.get("promptTokens"),
            "completionTokens": usage.get("completionTokens"),
            "totalTokens": usage.get("totalTokens"),
            "status": sent["status"],
            "errorMessage": sent.get("errorMessage"),
            "metadata": sent["metadata"],
        },
    )
    took = (_time(sent["endTime"]) - _time(sent["startTime"])).total_seconds() * 1000
    if found["durationMs"] is None or abs(found["durationMs"] - took) > 1:
        yield f"durationMs is {found['durationMs']}, it took {took}"
    if (found["cost"] is None) != ("cost" not in sent):
        yield f"cost is {found['cost']!r}, {sent.get('cost')!r} was sent"
    elif found["cost"] is not None and abs(Decimal(str(found["cost"])) - Decimal(repr(sent["cost"]))) > NANO:
        yield f"cost is {found['cost']!r}, {sent['cost']!r} was sent"
    if found.get("payloadError") is not None:
        yield f"payloadError: {found['payloadError']}"


def _list(traces, spans, listed):
    """The list has every trace once, newest start first."""
    counts = {trace["id"]: trace["spanCount"] for trace in listed}
    if len(counts) != len(listed):
        yield "the list has a trace twice"
    for trace_id in traces:
        if counts.get(trace_id) != len(spans.get(trace_id, [])):
            yield f"the list says that {trace_id} has {counts.get(trace_id)} spans, {len(spans.get(trace_id, []))} were sent"
    starts = [trace["startTime"] for trace in listed]
    if starts != sorted(starts, reverse=True):
        yield "the list is not newest first"


def _differences(found, expected, ignoring_none=()):
    for field, value in expected.items():
        if field not in found:
            yield f"there is no {field}"
        elif found[field] is None and not value and field in ignoring_none:
            continue
        # As text, so that 1 is not 1.0, nor True 1, and key order counts.
        elif json.dumps(found[field]) != json.dumps(value):
            yield f"{field} is {_short(found[field])}, expected {_short(value)}"


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:200]}… ({len(text)} characters)"


def _time(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _millis(text):
    return _time(text).astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _count(traces, spans):
    compared = Compared()
    compared.traces = len(traces)
    for events in spans.values():
        envelopes, ids = {event["id"] for event in events}, {event["body"]["id"] for event in events}
        for body in (event["body"] for event in events):
            compared.spans += 1
            compared.by_envelope += body.get("parentSpanId") in envelopes
            compared.by_span += body.get("parentSpanId") in ids
            compared.errors += body["status"] == "ERROR"
            compared.with_usage += "usage" in body
            compared.bytes += sum(len(json.dumps(body.get(field))) for field in ("input", "output"))
    return compared
