"""The doors of the test control plane through which bytes go: tus uploads, their status, and artifacts."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from http.server import BaseHTTPRequestHandler
from typing import Any


class FileDoors(BaseHTTPRequestHandler):
    """Answers on behalf of `control`, and cuts connections where a test asked for it."""

    protocol_version = 'HTTP/1.1'
    control: Any

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def setup(self) -> None:
        super().setup()
        # Headers and body in one packet: no delayed acknowledgement of 40 ms between them.
        self.wfile = self.connection.makefile('wb', 65536)  # type: ignore[assignment]

    def _answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None, raw: bytes | None = None) -> None:
        content = raw if raw is not None else b'' if body is None else json.dumps(body).encode()
        if self.control.drop_answers(self.command, self.path):
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content)
        self.wfile.flush()

    def _error(self, status: int, code: str, message: str, path: str | None = None, headers: dict[str, str] | None = None) -> None:
        details = [{'path': path, 'message': message}] if path else []
        self._answer(status, {'error': {'code': code, 'message': message, 'details': details, 'correlation_id': 'c'}}, headers)

    def _upload_status(self, upload_id: str) -> None:
        upload = self.control.uploads[upload_id]
        if upload['status'] == 'verifying':
            upload['polls'] += 1
            actual = hashlib.sha256(upload['content']).hexdigest()
            # Verified by another process a moment later, as by the worker.
            if upload['polls'] > 2:
                upload['status'] = 'ready' if actual == upload['sha256'] else 'rejected'
        self._answer(200, {'upload_id': upload_id, 'status': upload['status'], 'sha256': upload['sha256'],
                           'reason': 'wrong digest' if upload['status'] == 'rejected' else None})

    def _tus(self, token: str) -> None:
        if self.headers.get('Tus-Resumable') != '1.0.0':
            self._drain()
            self._answer(412)
        elif self.command == 'POST':
            self._tus_create(token)
        else:
            self._tus_piece(self.control.uploads.get(self.path.rsplit('/', 1)[1]), token)

    def _tus_create(self, token: str) -> None:
        pairs = (pair.split(' ') for pair in self.headers['Upload-Metadata'].split(','))
        metadata = {key: base64.b64decode(value).decode() for key, value in pairs}
        upload_id = str(uuid.uuid4())
        self.control.uploads[upload_id] = {'length': int(self.headers['Upload-Length']), 'content': bytearray(), 'owner': token,
                                           'status': 'uploading', 'sha256': metadata['sha256'], 'filename': metadata['filename'],
                                           'polls': 0}
        self._answer(201, headers={'Location': f'{self.control.url}/uploads/{upload_id}', 'Tus-Resumable': '1.0.0'})

    def _tus_piece(self, upload: dict[str, Any] | None, token: str) -> None:
        if upload is None or upload['owner'] != token:
            self._drain()
            self._answer(404)
            return
        offset = {'Upload-Offset': str(len(upload['content'])), 'Tus-Resumable': '1.0.0'}
        if self.command == 'HEAD':
            self._answer(200, headers={**offset, 'Upload-Length': str(upload['length'])})
            return
        length = int(self.headers['Content-Length'])
        if int(self.headers['Upload-Offset']) != len(upload['content']):
            self._drain()
            self._answer(409)
            return
        cut, self.control.cut_patch_after = self.control.cut_patch_after, None
        upload['content'] += self.rfile.read(length if cut is None else min(cut, length))
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if len(upload['content']) == upload['length']:
            upload['status'] = 'verifying'
        self._answer(204, headers={'Upload-Offset': str(len(upload['content'])), 'Tus-Resumable': '1.0.0'})

    def _artifact(self, sha256: str) -> None:
        content = self.control.artifacts.get(sha256)
        if content is None:
            self._error(404, 'not_found', 'no such file')
            return
        start = int((self.headers.get('Range') or 'bytes=0-').removeprefix('bytes=').rstrip('-'))
        part = content[start:]
        cut, self.control.cut_download_after = self.control.cut_download_after, None
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(part)))
        self.end_headers()
        self.wfile.write(part[:cut])
        self.wfile.flush()
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(2)
