"""BLAKE2b for fingerprints and chains, without what `hashlib` carries in: OpenSSL, 3.7 MB of memory."""

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter that builds it in elsewhere
    from hashlib import blake2b

__all__ = ["blake2b"]
