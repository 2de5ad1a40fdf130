"""The page that shows what is served, from files of the package swagger-ui-bundle-v2: it needs no network."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from engine.gateway.http.problem import POLICY, headers_with

FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
# Its styles are made in the page, and its pictures lie in its style sheet.
HEADERS: Final = headers_with(f"{POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:")
PAGE: Final = b"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>myquant-tui serve</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
START: Final = b"""window.onload = () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    validatorUrl: null,
    supportedSubmitMethods: ["get", "head"],
  });
};
"""
_PART = 64 * 2**10


def file_of(name: str) -> Path | None:
    """Where one of `FILES` lies; None for any other name."""
    if name not in FILES:
        return None
    from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped] # noqa: PLC0415 - who never looks at the page does without

    return Path(swagger_ui_path) / name


async def parts_of(path: Path) -> AsyncIterator[bytes]:
    """The file bit by bit: a client that does not read holds one bit in memory, not the whole."""
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part
