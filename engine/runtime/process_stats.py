"""The process's own figures: memory, processor, descriptors, pauses of the garbage collector, room on the disk."""

import gc
import os
import time
from collections.abc import Callable

from engine.model.run_views import ProcessView

_EVERY_NS = 1_000_000_000


def settle() -> None:
    """Clear up once after a start and leave what stays out of later collections: their pauses grow with what they look at."""
    gc.collect()
    gc.freeze()


class ProcessStats:
    """Reads the figures once a second, outside the turn; `watch` begins and `release` ends counting GC pauses.

    `free_mb` tells the room on the disk: a disk that hangs must not be asked from here.
    """

    def __init__(self, free_mb: Callable[[], int]) -> None:
        self._free_mb = free_mb
        self._due_ns = 0
        self._cpu_ns = time.process_time_ns()
        self._wall_ns = time.perf_counter_ns()
        self._gc_begun_ns = 0
        self._gc_longest_ns = 0
        self._view = ProcessView(0.0, 0.0, 0, 0.0, 0)

    def watch(self) -> None:
        """Begin to count the collector's pauses."""
        gc.callbacks.append(self._on_gc)

    def release(self) -> None:
        """Stop counting."""
        if self._on_gc in gc.callbacks:
            gc.callbacks.remove(self._on_gc)

    def _on_gc(self, phase: str, _info: dict[str, int]) -> None:
        now_ns = time.perf_counter_ns()
        if phase == "start":
            self._gc_begun_ns = now_ns
        else:
            self._gc_longest_ns = max(self._gc_longest_ns, now_ns - self._gc_begun_ns)

    def look(self, now_ns: int) -> ProcessView:
        """The figures, read anew when a second has passed since the last look."""
        if now_ns < self._due_ns:
            return self._view
        self._due_ns = now_ns + _EVERY_NS
        cpu_ns = time.process_time_ns()
        share = (cpu_ns - self._cpu_ns) / max(now_ns - self._wall_ns, 1)
        self._cpu_ns, self._wall_ns = cpu_ns, now_ns
        self._view = ProcessView(
            rss_mb=rss_mb(),
            cpu_share=share,
            descriptors=_descriptors(),
            gc_longest_ms=self._gc_longest_ns / 1e6,
            disk_free_mb=self._free_mb(),
        )
        return self._view


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process in MB of 10⁶ bytes; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def _descriptors() -> int:
    """Open file descriptors; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
