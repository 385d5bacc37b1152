"""How Schemathesis writes the bodies that it does not know."""

import schemathesis


@schemathesis.serializer("application/x-protobuf")
def protobuf(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()
