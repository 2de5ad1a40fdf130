"""Log lines on a terminal or pipe that may stall, from a thread of its own; knows nothing of files or of what a line says."""

import os
import threading
from queue import SimpleQueue

WAITING_LIMIT_BYTES = 1 << 20


class Console:
    """Writes to the descriptor `fd`. When nobody reads, at most `WAITING_LIMIT_BYTES` wait; the lines beyond are counted and said so."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._put_bytes = 0  # written by the caller's thread alone
        self._shown_bytes = 0  # written by the console's thread alone
        self._skipped = 0
        self._thread = threading.Thread(target=self._work, name="console", daemon=True)
        self._thread.start()

    def put(self, lines: list[bytes]) -> None:
        """Show the lines when the terminal takes them; never blocks (one caller's thread at a time)."""
        if self._put_bytes - self._shown_bytes > WAITING_LIMIT_BYTES:
            self._skipped += len(lines)
            return
        if self._skipped:
            lines = [f"… {self._skipped} log lines were not shown: the terminal did not read\n".encode(), *lines]
            self._skipped = 0
        data = b"".join(lines)
        self._put_bytes += len(data)
        self._queue.put(data)

    def close(self, timeout_s: float) -> None:
        """Show what waits, as far as the terminal takes it within `timeout_s`."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        open_for_us = True
        while (data := self._queue.get()) is not None:
            self._shown_bytes += len(data)
            view = memoryview(data)
            while open_for_us and view:
                try:
                    view = view[os.write(self._fd, view) :]
                except OSError:  # hung up: the file has everything, nobody is there to be told
                    open_for_us = False
