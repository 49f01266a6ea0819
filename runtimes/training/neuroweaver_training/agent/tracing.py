"""Spans of jobs, by OTLP over HTTP as JSON (OTLP 1.0, trace.proto's JSON form); off unless OTEL_EXPORTER_OTLP_ENDPOINT is set.
A job has two or three spans, so nothing more than the standard library is needed to send them."""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
import urllib.request
from typing import Any

TIMEOUT_S = 5.0
_PARENT = re.compile(r'^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$')
_OK, _ERROR = 1, 2
_CONSUMER, _INTERNAL = 5, 1


class Span:
    """Part of the trace that `parent`, a traceparent, names; else the first of its own."""

    def __init__(self, name: str, parent: str | None, kind: int = _CONSUMER, **attributes: Any) -> None:
        found = _PARENT.match(parent or '')
        self._trace_id, self._parent_id = found.groups() if found else (secrets.token_hex(16), None)
        self._id = secrets.token_hex(8)
        self._name, self._kind, self._attributes = name, kind, attributes
        self._started_ns = time.time_ns()

    @property
    def traceparent(self) -> str:
        """For what this span causes elsewhere."""
        return f'00-{self._trace_id}-{self._id}-01'

    def child(self, name: str, **attributes: Any) -> Span:
        return Span(name, self.traceparent, _INTERNAL, **attributes)

    def end(self, is_ok: bool = True, **attributes: Any) -> None:
        """Sends it, on a thread of its own: a collector that is slow or away holds up nothing."""
        endpoint = _endpoint()
        if endpoint is None:
            return
        span = {
            'traceId': self._trace_id, 'spanId': self._id, 'name': self._name, 'kind': self._kind,
            **({'parentSpanId': self._parent_id} if self._parent_id else {}),
            'startTimeUnixNano': str(self._started_ns), 'endTimeUnixNano': str(time.time_ns()),
            'attributes': _attributes({**self._attributes, **attributes}), 'status': {'code': _OK if is_ok else _ERROR},
        }
        threading.Thread(target=_send, args=(endpoint, span), name='span', daemon=True).start()


def _endpoint() -> str | None:
    base = os.environ.get('OTEL_EXPORTER_OTLP_ENDPOINT')
    return f'{base.rstrip("/")}/v1/traces' if base else None


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{'key': key, 'value': {'intValue': str(value)} if isinstance(value, int) else {'stringValue': str(value)}}
            for key, value in values.items() if value is not None]


def _headers() -> dict[str, str]:
    """OTEL_EXPORTER_OTLP_HEADERS is `name=value,name=value`."""
    pairs = (pair.split('=', 1) for pair in os.environ.get('OTEL_EXPORTER_OTLP_HEADERS', '').split(',') if '=' in pair)
    return {name.strip(): value.strip() for name, value in pairs}


def _send(endpoint: str, span: dict[str, Any]) -> None:
    resource = {'attributes': _attributes({'service.name': 'neuroweaver-training', 'service.namespace': 'neuroweaver'})}
    body = {'resourceSpans': [{'resource': resource, 'scopeSpans': [{'scope': {'name': 'neuroweaver'}, 'spans': [span]}]}]}
    request = urllib.request.Request(endpoint, json.dumps(body).encode(), {**_headers(), 'Content-Type': 'application/json'})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            pass
    except (OSError, ValueError):
        # A span that is lost is only missed by who looks for it.
        pass
