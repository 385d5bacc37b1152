"""The published client's `route_model` against a running Edgespan: prints the model for
each argument, or None where it got no answer.

    TWOSIGNAL_BASE_URL=http://localhost:3000 TWOSIGNAL_API_KEY=ts_… python route_model.py CONFIG INPUT…
"""

import sys

import twosignal

client = twosignal.TwoSignal(model_routing=sys.argv[1])
print(*[client.route_model(text) for text in sys.argv[2:]])
client.shutdown()
