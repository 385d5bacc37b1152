"""The published Python client against a running Edgespan.

Runs agents of many shapes under the real `twosignal` package, keeps every event
that the client hands to its exporter (that, and not what the code above it
meant, is what must come back), then reads every trace over the HTTP API and
compares. Prints what it did; exits with 1 when anything differs.

    TWOSIGNAL_BASE_URL=http://localhost:3000 TWOSIGNAL_API_KEY=ts_… python run.py
"""

import json
import logging
import sys
import threading
import traceback

import twosignal
import twosignal.client

import scenarios
from compare import compare
from readback import Reader
from stub_openai import StubOpenAI


class Recorder(logging.Handler):
    """Every event the client emits, as it goes onto the wire, and every
    complaint that it logs: it drops batches that fail, and says so only there."""

    def __init__(self, client):
        super().__init__(logging.WARNING)
        self.events, self.complaints = [], []
        self._lock = threading.Lock()
        emit = client._exporter.emit

        def recording_emit(event):
            # The exporter's own way of turning an event into JSON.
            batch = twosignal.exporter.BatchRequest(batch=[event])
            try:
                wire = batch.model_dump(mode="json", by_alias=True, exclude_none=True)
            except Exception as error:  # the client would lose the whole batch over it
                self.complaints.append(f"not to be made JSON of: {error}")
                raise
            with self._lock:
                self.events.extend(wire["batch"])
            emit(event)

        client._exporter.emit = recording_emit
        logging.getLogger("twosignal").addHandler(self)

    def emit(self, record):
        self.complaints.append(record.getMessage())


def in_fresh_thread(function):
    """Runs a scenario in a thread of its own: the client keeps the current
    trace in thread-local storage, and after a `client.span()` it stays there."""
    failed = []

    def body():
        try:
            function()
        except BaseException:  # noqa: BLE001 - shown below
            failed.append(traceback.format_exc())

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return failed


def main():
    client = twosignal.TwoSignal(deployment_id="sdk-test")
    recorder = Recorder(client)
    problems = []
    with StubOpenAI() as openai_url:
        for scenario in scenarios.all_of(client, openai_url):
            before = len(recorder.events)
            for text in in_fresh_thread(scenario):
                problems.append(f"{scenario.__name__} raised:\n{text}")
            print(f"  ran {scenario.__name__}: {len(recorder.events) - before} events")
    client.shutdown()
    problems += [f"the client complained: {text}" for text in recorder.complaints]
    problems += [f"{name} emitted nothing of the kind that it should" for name in scenarios.missing_from(recorder.events)]

    reader = Reader(client.base_url, client.api_key)
    compared = compare(recorder.events, reader, problems)
    print(
        f"compared {compared.traces} traces with {compared.spans} spans "
        f"({compared.by_envelope} parents by envelope id, {compared.by_span} by span id, "
        f"{compared.errors} errors, {compared.with_usage} with usage, {compared.bytes:,} bytes of payload)"
    )
    for problem in problems[:50]:
        print(f"DIFFERENCE: {problem}")
    print(f"{len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
