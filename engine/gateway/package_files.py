"""Files for other programs that `serve --print-…` writes out: what each is called on the command line, and where it comes from."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "files"
DASHBOARD: Final = "dashboard"  # is made of a table, see `metrics.dashboard`
# Option without "--print-": file in the folder. `PORT` and `TOKEN_FILE` in them stand for those of the service.
FILES: Final[dict[str, str]] = {
    "rules": "rules.yml",
    "scrape": "scrape.yml",
    "alertmanager": "alertmanager.yml",
    "provisioning": "provisioning.yml",
}


def text_of(name: str, *, port: int = 8000, token: Path = Path("serve.token")) -> str:
    """What is to be written out under `name`, for a service at `port` whose token is in the file `token`."""
    if name == DASHBOARD:
        from engine.gateway.metrics.dashboard import dashboard  # noqa: PLC0415 - whoever serves needs no dashboard

        return dashboard().decode()
    text = (FOLDER / FILES[name]).read_text(encoding="utf-8")
    return text.replace("PORT", str(port)).replace("TOKEN_FILE", str(token))
