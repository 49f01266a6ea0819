"""A persistent HTTP connection of one thread, with time-outs and answers as values."""

from __future__ import annotations

import http.client
import json
import os
import random
import ssl
import time
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

CONNECT_TIMEOUT_S = 5.0
# Node closes idle connections after 5 s; a connection older than this is opened anew instead of being found dead.
IDLE_LIMIT_S = 3.0


class Unreachable(Exception):
    """No answer: refused, cut off, timed out, or 5xx that asks to come back later."""


@dataclass(frozen=True)
class Answer:
    """A whole answer. `body` is small by contract."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body or b'{}')
        except ValueError as error:
            raise Unreachable('the answer is not JSON') from error

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300

    def error(self) -> dict[str, Any]:
        """The contract's error object; empty where the answer has none."""
        try:
            found = json.loads(self.body)['error']
        except (ValueError, KeyError, TypeError):
            return {}
        return found if isinstance(found, dict) else {'message': str(found)}

    def message(self) -> str:
        return str(self.error().get('message') or f'HTTP {self.status}')


def _trust() -> ssl.SSLContext:
    """The system's authorities, and those that the same setting gives to the inference runtime and to the command that joins."""
    context = ssl.create_default_context()
    more = os.environ.get('NODE_EXTRA_CA_CERTS')
    if more:
        context.load_verify_locations(more)
    return context


class Connection:
    """Not for sharing between threads."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or ''
        self._port = parts.port
        self._is_tls = parts.scheme == 'https'
        self._prefix = parts.path.rstrip('/')
        self._connection: http.client.HTTPConnection | None = None
        self._used_at = 0.0

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes | BinaryIO | None = None,
                timeout_s: float = 15.0) -> Answer:
        """Sends and reads all of the answer. Raises Unreachable when none came."""
        try:
            response = self.open(method, path, headers, body, timeout_s)
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(f'{type(error).__name__}: {error}') from error
        self._used_at = time.monotonic()
        if response.will_close:
            self.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def open(self, method: str, path: str, headers: dict[str, str], body: bytes | BinaryIO | None,
             timeout_s: float) -> http.client.HTTPResponse:
        """Sends, and gives the answer unread. Raises what the socket raises."""
        if self._connection is not None and time.monotonic() - self._used_at > IDLE_LIMIT_S:
            self.close()
        if self._connection is None:
            self._connection = self._connect()
        self._connection.sock.settimeout(timeout_s)
        self._connection.request(method, self._prefix + path, body=body, headers=headers)
        return self._connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_tls:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=CONNECT_TIMEOUT_S, context=_trust())
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S)
        made.connect()
        return made

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Backoff:
    """Growing pauses with full jitter, so that many runtimes do not come back at once."""

    def __init__(self, first_s: float = 0.1, largest_s: float = 10.0) -> None:
        self._first = first_s
        self._largest = largest_s
        self._tries = 0

    def next_s(self) -> float:
        limit = min(self._largest, self._first * 2 ** min(self._tries, 20))
        self._tries += 1
        return limit * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._tries = 0
