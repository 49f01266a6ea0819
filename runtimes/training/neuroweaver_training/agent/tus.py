"""Uploads by tus 1.0.0: create, send, and after a cut ask how far it came and go on."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from ..files import sha256_of
from .control import Control, LeaseLost
from .http import Answer, Backoff, Unreachable

PIECE_BYTES = 8 * 1024 * 1024
SEND_TIMEOUT_S = 60.0
VERSION = {'Tus-Resumable': '1.0.0'}


class Refused(Exception):
    """The control plane will not take the file; `is_full` when it lacks the space."""

    def __init__(self, message: str, is_full: bool = False) -> None:
        super().__init__(message)
        self.is_full = is_full


class Uploads:
    """`is_lost` is asked between requests, so that a lost lease ends an upload."""

    def __init__(self, control: Control, is_lost: Callable[[], bool]) -> None:
        self._control = control
        self._is_lost = is_lost

    def send(self, path: Path, name: str) -> str:
        """Uploads a file and gives its upload_id; the control plane verifies it afterwards. Raises Refused, LeaseLost, Halted."""
        size, digest = path.stat().st_size, sha256_of(path)
        upload_id: str | None = None
        offset: int | None = 0
        backoff = Backoff()
        while True:
            try:
                if upload_id is None:
                    upload_id, offset = self._create(size, name, digest), 0
                elif offset is None:
                    offset = self._offset(upload_id)
                if offset is None:
                    upload_id = None
                    continue
                self._send_from(path, upload_id, offset, size)
                return upload_id
            except Unreachable:
                offset = None
                self._pause(backoff)

    def wait_ready(self, upload_id: str) -> None:
        """Polls until the file is verified. Raises Refused when it was rejected."""
        backoff = Backoff(0.03, 1.0)
        while True:
            try:
                answer = self._control.call('GET', f'/uploads/{upload_id}')
                if not answer.is_ok:
                    raise Refused(f'upload {upload_id}: {answer.message()}')
                upload = answer.json()
                if upload['status'] == 'ready':
                    return
                if upload['status'] == 'rejected':
                    raise Refused(upload.get('reason') or 'the upload was rejected')
            except Unreachable:
                pass
            self._pause(backoff)

    def _pause(self, backoff: Backoff) -> None:
        if self._is_lost():
            raise LeaseLost()
        self._control.wait(backoff.next_s())

    def _call(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        if self._is_lost():
            raise LeaseLost()
        return self._control.signed(method, path, {**VERSION, **headers}, body, SEND_TIMEOUT_S)

    def _create(self, size: int, name: str, digest: str) -> str:
        metadata = ','.join(f'{key} {base64.b64encode(value.encode()).decode()}' for key, value in
                            (('filename', name), ('sha256', digest)))
        answer = self._call('POST', '/uploads', {'Upload-Length': str(size), 'Upload-Metadata': metadata, 'Content-Length': '0'})
        if answer.status != 201 or 'location' not in answer.headers:
            raise Refused(f'no upload for {name}: {_text(answer)}', is_full=answer.status == 507)
        return answer.headers['location'].split('?', 1)[0].rstrip('/').rsplit('/', 1)[-1]

    def _offset(self, upload_id: str) -> int | None:
        """How far the upload came; None when it is gone and must be made anew."""
        answer = self._call('HEAD', f'/uploads/{upload_id}', {})
        if answer.status in (404, 410):
            return None
        if not answer.is_ok:
            raise Unreachable(f'HTTP {answer.status}')
        return int(answer.headers.get('upload-offset', '0'))

    def _send_from(self, path: Path, upload_id: str, offset: int, size: int) -> None:
        with open(path, 'rb') as stream:
            stream.seek(offset)
            while offset < size:
                piece = stream.read(min(PIECE_BYTES, size - offset))
                headers = {'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': str(offset)}
                answer = self._call('PATCH', f'/uploads/{upload_id}', headers, piece)
                if answer.status == 507:
                    raise Refused(_text(answer), is_full=True)
                if answer.status in (400, 403, 413, 415, 422):
                    raise Refused(f'{path.name}: {_text(answer)}')
                if not answer.is_ok:
                    raise Unreachable(f'HTTP {answer.status}')
                offset = int(answer.headers.get('upload-offset', offset + len(piece)))
                stream.seek(offset)


def _text(answer: Answer) -> str:
    """tus answers in plain text, the rest of the door in JSON."""
    return answer.error().get('message') or answer.body.decode('utf-8', 'replace')[:300] or f'HTTP {answer.status}'
