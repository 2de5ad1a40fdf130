"""How many lines a component may log in a second, and how many it was denied; knows nothing of logging."""

SECOND_NS = 10**9


class RateLimit:
    """At most `lines_per_s` lines of each component in a second (0: no limit); not thread-safe."""

    def __init__(self, lines_per_s: int) -> None:
        self._lines_per_s = lines_per_s
        self._seconds: dict[str, tuple[int, int]] = {}  # component → (begin of its second, lines in it)

    def excess(self, component: str, now_ns: int) -> int:
        """Count one line at `now_ns` (monotonic); 0 if it may pass, else how many were denied in this second. Ask `ended` first."""
        if not self._lines_per_s:
            return 0
        begin_ns, lines = self._seconds.get(component, (now_ns, 0))
        self._seconds[component] = (begin_ns, lines + 1)
        return max(0, lines + 1 - self._lines_per_s)

    def ended(self, component: str, now_ns: int) -> int:
        """Begin a new second if the component's is over; how many lines were denied in the old one."""
        begin_ns, _ = self._seconds.get(component, (now_ns, 0))
        return self.end(component) if now_ns - begin_ns >= SECOND_NS else 0

    def end(self, component: str) -> int:
        """Begin a new second at once; how many lines were denied in the old one."""
        _, lines = self._seconds.pop(component, (0, 0))
        return max(0, lines - self._lines_per_s)

    def denied(self) -> tuple[str, ...]:
        """The components that were denied lines in their present second."""
        return tuple(component for component, (_, lines) in self._seconds.items() if lines > self._lines_per_s)
