"""Systemd units beside the engine's, as text: the service of figures, and the daily validation with its timer. Installs nothing."""

import shlex
from collections.abc import Sequence

from engine.serving.launch import program
from engine.serving.unit import quoted

_GUARDED = """\
EnvironmentFile=-%h/.config/myquant-tui/environment
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryMax=300M
"""
_SERVE = """\
# systemctl --user: put this into ~/.config/systemd/user/myquant-tui-serve.service, then
#   mkdir -p -m 700 {folders}
#   systemctl --user daemon-reload && systemctl --user enable --now myquant-tui-serve
# Secrets (REDIS_URL, MYQUANT_TELEGRAM_TOKEN …): a file of mode 0600, see EnvironmentFile, or credentials.toml.

[Unit]
Description=myquant-tui service of figures, quotes and alerts
After=network-online.target

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=2
{guarded}
[Install]
WantedBy=default.target
"""
_VALIDATE = """\
# systemctl --user: put the first part into ~/.config/systemd/user/myquant-tui-validate.service and the second into
# myquant-tui-validate.timer beside it, then
#   mkdir -p -m 700 {folders}
#   systemctl --user daemon-reload && systemctl --user enable --now myquant-tui-validate.timer

# ── myquant-tui-validate.service ──
[Unit]
Description=myquant-tui: does a replay of the day decide as the run did?

[Service]
Type=oneshot
ExecStart={command}
Nice=19
IOSchedulingClass=idle
TimeoutStartSec=4h
# A replay that takes too much memory is an outcome of its own, which must be told.
OOMPolicy=continue
{guarded}
# ── myquant-tui-validate.timer ──
[Unit]
Description=myquant-tui: validation after each session

[Timer]
# A day without a session validates the one before again. What was missed is made good at the next start. Special sessions
# that end later than usual stand by their dates, as far as they are known: print this anew when the calendar is.
{when}
Persistent=true
AccuracySec=1min

[Install]
WantedBy=timers.target
"""


def serve_unit(arguments: Sequence[str], writable: Sequence[str]) -> str:
    """Return the unit that runs `serve` with `arguments`; raises InputError for a word that no unit can hold."""
    return _SERVE.format(command=_command("serve", arguments), guarded=_guarded(writable), folders=_folders(writable))


def validate_unit(arguments: Sequence[str], writable: Sequence[str], when: Sequence[str]) -> str:
    """Return unit and timer that run `validate` with `arguments`, `when` OnCalendar says; raises InputError likewise."""
    return _VALIDATE.format(
        command=_command("validate", arguments),
        guarded=_guarded(writable),
        folders=_folders(writable),
        when="\n".join(f"OnCalendar={each}" for each in when),
    )


def _guarded(writable: Sequence[str]) -> str:
    return _GUARDED.format(writable=" ".join(quoted(f"-{each}") for each in writable))


def _folders(writable: Sequence[str]) -> str:
    return " ".join(shlex.quote(each) for each in writable)


def _command(name: str, arguments: Sequence[str]) -> str:
    return " ".join(quoted(word).replace("$", "$$") for word in (*program(), name, *arguments))
