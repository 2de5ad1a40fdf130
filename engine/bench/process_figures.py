"""What the system tells of a process that `bench` measures. Knows no engine."""

import os


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process in MB of 10⁶ bytes; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0
