"""A service that comes and goes: a TCP relay in front of a real one, which can refuse, or accept and stay mute."""

import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class Relay:
    """Passes connections on to `target` (a URL) until it is cut; its own address stays the same."""

    def __init__(self, target: str) -> None:
        url = urlsplit(target)
        self._target = (url.hostname or "127.0.0.1", url.port or 80)
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._silent = False
        self._port = 0
        self.silenced = 0

    def __enter__(self) -> "Relay":
        self.restore()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()
        for thread in self._threads:
            thread.join(5)
        for each in self._open:
            each.close()

    @property
    def endpoint(self) -> str:
        """Its address, `http://127.0.0.1:port`."""
        return f"http://127.0.0.1:{self._port}"

    def restore(self) -> None:
        """Listen (again), and pass everything on."""
        self._silent = False
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self._spawn(self._accept, self._listener)

    def cut(self) -> None:
        """Refuse connections, and break those that are open."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):  # wakes the thread that accepts
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """Break open connections; accept new ones, and never answer."""
        self.cut()
        self.restore()
        self._silent = True

    def _spawn(self, run: object, *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self._silent:
                self.silenced += 1
                self._keep(client)
                continue
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            self._keep(client, server)
            self._spawn(self._pump, client, server)
            self._spawn(self._pump, server, client)

    def _keep(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open.update(sockets)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
