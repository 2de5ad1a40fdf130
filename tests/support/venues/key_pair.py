"""A certificate that proves a server of a test to be localhost."""

import socket
import ssl
from pathlib import Path

from tests.support.http_server import Wrap

# Of "localhost" and of nobody else, valid from 2020 to 2120, and known to no one but these tests.
PAIR = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUnatMbfWBCjNNcIt
G90Lw4ldwDQZ4XKDPJNcDuSMK4ihRANCAAS5aF5bzVNYRyBWI5CfbZ6jkYG9DUQS
rvUcwkxHJsyWMabY1H71XbvqKevdfOU+9EoLeNkbD8e4wx6+c40f/ySS
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUUE6tRbxxvTkLMu7+ZlFAI3B9+MUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx
MDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS5aF5bzVNYRyBWI5CfbZ6jkYG9DUQSrvUcwkxHJsyWMabY1H71Xbvq
KevdfOU+9EoLeNkbD8e4wx6+c40f/ySSo3kwdzAUBgNVHREEDTALgglsb2NhbGhv
c3QwDgYDVR0PAQH/BAQDAgKEMB0GA1UdDgQWBBTGlnQ2oqsHfFlW6h5Vi+x8BYcp
bDAfBgNVHSMEGDAWgBTGlnQ2oqsHfFlW6h5Vi+x8BYcpbDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIEQbrTfPQxQZmFZssi5X+WOf9IEY7Q2WnMmx
sjlQn/uGAiEA7uYqDYiu5Z4hQ3Zi87dcy7BvBYblk5YQgva/BUg1JzA=
-----END CERTIFICATE-----
"""


def pair_in(folder: Path) -> Path:
    """The file of key and certificate, for `SSL_CERT_FILE` as well."""
    path = folder / "pair.pem"
    path.write_text(PAIR)
    return path


def encrypting(path: Path) -> Wrap:
    """Puts TLS around a server's connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def wrap(connection: socket.socket) -> socket.socket:
        return context.wrap_socket(connection, server_side=True)

    return wrap
