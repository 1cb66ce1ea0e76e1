"""One connection to a server, which another thread may cut at any moment."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from types import TracebackType

# A handshake that fails so will fail again: the other side is not what the address says.
_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")


class NoTrust(Exception):
    """The server cannot be spoken to in this way, now or later; the message says why."""


class Link:
    """A connected socket under a time limit that covers all that is done with it.

    A socket's own timeout starts anew with every byte, so a server that drips would hold us.

    Args:
        host, port: where to. tls: the context, or None for a plain connection.
        limit_s: from now; then the link is cut.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, limit_s: float) -> None:
        self.host, self.port, self.tls, self.limit_s = host, port, tls, limit_s
        self.late = False
        self._sock: socket.socket | None = None
        self._cut = False
        self._lock = threading.Lock()
        self._end = time.monotonic() + limit_s
        self._timer = threading.Timer(limit_s, self._time_is_up)
        self._timer.daemon = True

    def __enter__(self) -> Link:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._cut = True
            if self._sock is not None:
                self._sock.close()

    def open(self) -> http.client.HTTPConnection:
        """Connect, and shake hands where there is TLS.

        Raises:
            OSError: it failed, and may not the next time. NoTrust: it will not work.
        """
        sock = self._connect()
        if self.tls is not None:
            sock = self._shake_hands(sock, self.tls)
        link = http.client.HTTPConnection(self.host, self.port)
        link.sock = sock
        return link

    def _connect(self) -> socket.socket:
        trouble: OSError | None = None
        for family, kind, protocol, _, place in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                self._hold(sock)
                sock.settimeout(max(0.01, self._end - time.monotonic()))
                sock.connect(place)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as err:
                sock.close()
                trouble = err
        raise trouble or OSError(f"{self.host} has no address")

    def _shake_hands(self, sock: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        try:
            wrapped = tls.wrap_socket(
                sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._hold(wrapped)
            wrapped.settimeout(max(0.01, self._end - time.monotonic()))
            wrapped.do_handshake()
            return wrapped
        except ssl.SSLCertVerificationError as err:
            raise NoTrust(f"is not to be trusted: {err.verify_message or err}") from err
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            raise
        except ssl.SSLError as err:
            if err.reason in _PLAIN:
                raise NoTrust(
                    "does not speak TLS: write http:// before the address if it is a plain server"
                ) from err
            raise NoTrust(f"refuses to speak TLS with us ({err.reason or err})") from err

    def _hold(self, sock: socket.socket) -> None:
        with self._lock:
            if self._cut:
                sock.close()
                raise ConnectionAbortedError("the connection was cut")
            self._sock = sock

    def _time_is_up(self) -> None:
        self.late = True
        self.cut()

    def cut(self) -> None:
        """Wake whoever connects, writes or reads; nothing more comes through."""
        with self._lock:
            self._cut = True
            try:
                if self._sock is not None:
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                pass
