"""Reads traces over the HTTP API, with nothing but the standard library."""

import json
import urllib.error
import urllib.parse
import urllib.request


class Reader:
    def __init__(self, base_url, api_key):
        self._base, self._key = base_url.rstrip("/"), api_key

    def get(self, path):
        """The `data` of an answer; None for 404."""
        request = urllib.request.Request(self._base + path, headers={"Authorization": f"Bearer {self._key}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.loads(response.read())["data"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise RuntimeError(f"GET {path} answered {error.code}: {error.read()[:500]!r}") from error

    def trace(self, trace_id):
        return self.get("/api/v1/traces/" + urllib.parse.quote(trace_id, safe=""))

    def all_listed(self):
        """Every trace of the list, page by page."""
        cursor = None
        while True:
            query = {"limit": "7", **({"cursor": cursor} if cursor else {})}
            page = self.get("/api/v1/traces?" + urllib.parse.urlencode(query))
            yield from page["traces"]
            cursor = page["nextCursor"]
            if cursor is None:
                return
