"""A real HTTP server on this machine that speaks chat completions, and misbehaves on request."""

from __future__ import annotations

import json
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Key = namedtuple("Key", "name policy_seed")


class Server(ThreadingHTTPServer):
    """Answers each request by the next behaviour in `script`, and after that by echoing."""

    daemon_threads = True
    request_queue_size = 64  # many knock at once

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict] = []
        self.headers: list[dict] = []
        self.paths: list[str] = []
        self.script: list[Callable[[Handler], None]] = []
        self.always: Callable[[Handler], None] = lambda h: h.reply(
            h.body["messages"][-1]["content"]
        )
        self.lock = threading.Lock()

    @property
    def where(self) -> str:
        return f"toy@http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(self.body)
            self.server.headers.append(dict(self.headers))
            self.server.paths.append(self.path)
            behave = self.server.script.pop(0) if self.server.script else self.server.always
        behave(self)

    def send(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reply(self, text: object, **usage: object) -> None:
        usage = usage or {"prompt_tokens": 7, "completion_tokens": 2}
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        self.send(200, json.dumps({"choices": [choice], "usage": usage}).encode())

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs until the context ends."""
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
