"""The report page over HTTP, for runs that are too big for one file or lie on another machine.

Nothing is trusted and nothing can be changed: files are opened read-only, only GET and HEAD are
answered, no path of a request is ever a path on disk, and a page of another site cannot read ours
(on a loopback address only requests that name one are answered).
"""

from __future__ import annotations

import csv
import importlib
import io
import ipaddress
import json
import logging
import queue
import socket
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from assay.core.errors import AssayError, DataError, OptionError, StoreError
from assay.evaluation.results import env_results
from assay.evaluation.runs import OpenRun
from assay.report.data import outline, page_data, page_envs
from assay.report.episodes import COLUMNS, finite
from assay.report.page import page_script, policy, render, render_summary
from assay.report.queries import Questions, RowQuery

_log = logging.getLogger("assay")
_CONNECTIONS = 4
_SOCKET_S = 30.0  # a connection that says nothing is closed
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def serve(runs: Sequence[OpenRun], host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the page of these runs until it is interrupted; port 0 takes a free one.

    Raises:
        OptionError: the address cannot be used.
    """
    server = make_server(runs, host, port)
    _log.info("The report is at %s (Ctrl+C ends it).", server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        _log.info("The report is no longer served.")
    finally:
        server.close()


class ReportServer(ThreadingHTTPServer):
    """The page, and the questions it asks. `address` is where a browser finds it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, runs: Sequence[OpenRun], host: str, port: int) -> None:
        self.runs = runs
        self.envs = page_envs(runs)
        self._free: queue.LifoQueue[Questions | None] = queue.LifoQueue()
        self._free.put(Questions(runs, self.envs))
        for _ in range(_CONNECTIONS - 1):
            self._free.put(None)  # opened when first wanted
        options = {"mode": "server", "text_chars": 0, "files": ""}
        self.page = render(outline(runs), options=options).encode("utf-8")
        self._summary: dict[str, Any] = {}
        self._failed: BaseException | None = None
        self._made = threading.Event()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)
        name = f"[{host}]" if ":" in host else host
        self.address = f"http://{name}:{self.server_address[1]}/"
        self.local_only = _is_loopback(host)
        threading.Thread(target=_warm_up, daemon=True).start()
        threading.Thread(target=self._make, daemon=True).start()

    def _make(self) -> None:
        """Read every row once, while the first readers look at the list."""
        try:
            data = page_data(self.runs)
            reasons = sorted({reason.code for reason in data.reasons})
            self._summary = {"html": render_summary(data), "reasons": reasons}
        except BaseException as err:  # told to whoever asks for it
            self._failed = err
        finally:
            self._made.set()

    def summary(self) -> dict[str, Any]:
        """The HTML above the list and the reasons to choose from, once they are there."""
        self._made.wait()
        if self._failed is not None:
            raise StoreError(f"The results cannot be read: {self._failed}") from self._failed
        return self._summary

    @contextmanager
    def questions(self) -> Generator[Questions]:
        """One of the few connections, lent for a request."""
        free = self._free.get()
        try:
            free = free or Questions(self.runs, self.envs)
            yield free
        finally:
            self._free.put(free)

    def close(self) -> None:
        """Stop listening and let go of the files."""
        self.server_close()
        with suppress(queue.Empty):
            while True:
                free = self._free.get_nowait()
                if free is not None:
                    free.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that went away is no error of ours."""
        _log.debug("A request of %s ended early.", client_address, exc_info=True)


def make_server(runs: Sequence[OpenRun], host: str = "127.0.0.1", port: int = 8000) -> ReportServer:
    """A server that listens; `serve_forever` and `close` are the caller's."""
    try:
        return ReportServer(runs, host, port)
    except (OSError, OverflowError) as err:
        raise OptionError(
            f"The report cannot be served at {host}:{port}: {err}. Give another --host or --port "
            "(0 takes a free one)."
        ) from err


def _warm_up() -> None:
    """Import what the page needs while the stores are read."""
    for name in ("matplotlib.figure", "matplotlib.backends.backend_svg", "scipy.stats"):
        importlib.import_module(name)


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; every answer that is no page or download is JSON."""

    server: ReportServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version = "assay"
    sys_version = ""
    timeout = _SOCKET_S

    def do_GET(self) -> None:
        """Answer."""
        try:
            self._answer()
        except DataError as err:
            self._json({"error": str(err)}, HTTPStatus.NOT_FOUND)
        except ValueError as err:
            self._json({"error": str(err)}, HTTPStatus.BAD_REQUEST)
        except (AssayError, sqlite3.Error) as err:
            self._json({"error": str(err)}, HTTPStatus.INTERNAL_SERVER_ERROR)

    do_HEAD = do_GET

    def _refuse(self) -> None:
        self.close_connection = True  # a body that was sent is not read
        self._json({"error": "Only GET and HEAD are answered."}, HTTPStatus.METHOD_NOT_ALLOWED)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse

    def _answer(self) -> None:
        if self.server.local_only and not self._names_loopback():
            self._json({"error": "This address is for this machine only."}, HTTPStatus.FORBIDDEN)
            return
        url = urlsplit(self.path)
        given = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if url.path in ("/", "/index.html"):
            self._send(self.server.page, "text/html; charset=utf-8")
        elif url.path in self._ROUTES:
            self._ROUTES[url.path](self, given)
        else:
            self._json({"error": "There is no such page here."}, HTTPStatus.NOT_FOUND)

    def _names_loopback(self) -> bool:
        """Refuses a name that another site let point here to read this one (DNS rebinding)."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        return host is not None and _is_loopback(host)

    # ------------------------------------------------------------------ answers

    def _rows(self, given: dict[str, str]) -> None:
        query = RowQuery(
            run=_number(given, "run", 0),
            env=_number(given, "env", -1) if given.get("env") else None,
            status=given.get("status", ""),
            reason=given.get("reason", ""),
            flipped=bool(given.get("flipped")),
            text=given.get("text", ""),
            sort=given.get("sort", "plan"),
            down=bool(given.get("down")),
            offset=_number(given, "offset", 0),
            limit=_number(given, "limit", 50),
            scan=_number(given, "scan", 0),
        )
        with self.server.questions() as questions:
            found = questions.rows(query)
        self._json(found)

    def _row(self, given: dict[str, str]) -> None:
        place = [_number(given, name, 0) for name in ("env", "episode", "sample")]
        with self.server.questions() as questions:
            found = questions.row(*place)
        self._json({"row": found})

    def _episode(self, given: dict[str, str]) -> None:
        place = [_number(given, name, 0) for name in ("run", "env", "episode", "sample")]
        with self.server.questions() as questions:
            text = questions.episode(*place)
        self._send(text.encode("ascii"), "application/json")

    def _csv(self, given: dict[str, str]) -> None:
        self._download(_number(given, "run", 0), "csv", "text/csv; charset=utf-8", _csv_lines)

    def _jsonl(self, given: dict[str, str]) -> None:
        self._download(_number(given, "run", 0), "jsonl", "application/jsonl", _json_lines)

    def _summary(self, given: dict[str, str]) -> None:
        self._json(self.server.summary())

    def _results(self, given: dict[str, str]) -> None:
        runs = self.server.runs
        rows = [row for run in runs for row in env_results(run.store, run.run)]
        self._json([row.to_dict() for row in rows])

    _ROUTES: ClassVar[dict[str, Callable[[_Handler, dict[str, str]], None]]] = {
        "/api/rows": _rows,
        "/api/row": _row,
        "/api/episode": _episode,
        "/data/episodes.csv": _csv,
        "/data/episodes.jsonl": _jsonl,
        "/api/summary": _summary,
        "/data/summary.json": _results,
    }

    def _download(
        self, run: int, ending: str, kind: str, lines: Callable[[Iterator[dict[str, Any]]], Any]
    ) -> None:
        """All rows of a run, a piece at a time; the connection's end is the end of the file."""
        with self.server.questions() as questions:
            rows = questions.all_rows(run)
            first = next(rows, None)  # a bad number is refused before anything is sent
            self.close_connection = True
            self._head(HTTPStatus.OK, kind, None, {
                "Content-Disposition": f'attachment; filename="episodes-{run}.{ending}"',
                "Connection": "close",
            })  # fmt: skip
            if self.command == "HEAD" or first is None:
                return
            for piece in lines(_chained(first, rows)):
                self.wfile.write(piece.encode("utf-8"))

    def _json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(value).encode("ascii"), "application/json", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._head(status, kind, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(
        self, status: HTTPStatus, kind: str, length: int | None, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        csp = f"{policy(page_script(), served=True)}; frame-ancestors 'none'"
        for name, value in {**_HEADERS, "Content-Security-Policy": csp, **(more or {})}.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line each."""
        _log.debug(format, *args)


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise OptionError(f"{name}={text[:40]!r}: expected a whole number of at least 0.")
    return int(text)


def _chained(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest


def _csv_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        if out.tell() > 60_000:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps({name: finite(value) for name, value in row.items()}) + "\n"
