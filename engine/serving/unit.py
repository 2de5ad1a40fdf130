"""A systemd unit for the engine, as text. Installs nothing."""

import shlex
from collections.abc import Sequence

from engine.model.errors import InputError
from engine.serving.launch import program

_UNIT = """\
# systemctl --user: put this into ~/.config/systemd/user/myquant-tui.service, then
#   mkdir -p -m 700 {folders}
#   systemctl --user daemon-reload && systemctl --user enable --now myquant-tui
#   loginctl enable-linger $USER        (so that it runs without a login)
# Credentials: a file of mode 0600, see EnvironmentFile below or `myquant-tui login`.
# Where a service ends with status 217 or 218, the system grants users no namespaces: take the lines from
# NoNewPrivileges to SystemCallFilter out.

[Unit]
Description=myquant-tui engine
Documentation=man:systemd.service(5)
After=network-online.target
Wants=network-online.target
{limits}

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
WatchdogSec=10
Restart=on-failure
RestartSec=2
# Bad configuration, a second instance, a stop with a position open: starting again would not help.
RestartPreventExitStatus=2 3 75
{endings}TimeoutStartSec=120
TimeoutStopSec=10
KillMode=mixed
EnvironmentFile=-%h/.config/myquant-tui/environment

UMask=0077
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectClock=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
MemoryMax=200M
TasksMax=32
OOMScoreAdjust=-200

[Install]
WantedBy=default.target
"""
_LIMITS = "StartLimitIntervalSec=600\nStartLimitBurst=5"
# One start and three restarts within a minute: then what is held is closed.
_LIMITS_THEN_FLAT = "StartLimitIntervalSec=60\nStartLimitBurst=4\nOnFailure=myquant-tui-flat.service"
# A second instance, or a position that was left open on purpose: nothing has died, and nothing is to be closed.
_NO_DEATHS = "SuccessExitStatus=3 75\n"
_FLAT = """\

# ── The second part goes into ~/.config/systemd/user/myquant-tui-flat.service: it closes what is held when the engine
#    has died again and again (live.on_engine_death = "flat") ──

[Unit]
Description=myquant-tui: closes everything

[Service]
Type=oneshot
ExecStart={command}
TimeoutStartSec=900
EnvironmentFile=-%h/.config/myquant-tui/environment
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
MemoryMax=200M
"""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+")


def unit_text(arguments: Sequence[str], writable: Sequence[str], flat: Sequence[str] = ()) -> str:
    """Return the unit that runs this very program as `engine` with `arguments`, and may write into the folders `writable`.

    With the words of `flat` a second one closes everything once the first has died again and again. Raises InputError for
    a word that no unit can hold.
    """
    may_write = " ".join(quoted(f"-{each}") for each in writable)
    unit = _UNIT.format(
        command=_command("engine", *arguments),
        folders=" ".join(shlex.quote(each) for each in writable),
        writable=may_write,
        limits=_LIMITS_THEN_FLAT if flat else _LIMITS,
        endings=_NO_DEATHS if flat else "",
    )
    if not flat:
        return unit
    return unit + _FLAT.format(command=_command("flat", *flat), writable=may_write)


def _command(*words: str) -> str:
    return " ".join(quoted(word).replace("$", "$$") for word in (*program(), *words))


def _printable(word: str) -> str:
    if not word.isprintable():
        raise InputError(f"{word!r}: a unit takes no control characters")
    return word


def quoted(word: str) -> str:
    """Return `word` as systemd reads it: `%` doubled, and in quotes unless it is plain; raises InputError for control characters."""
    word = _printable(word).replace("%", "%%")
    if word and _PLAIN.issuperset(word.replace("%%", "")):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
