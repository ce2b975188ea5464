"""A certificate authority for tests, made by the openssl command, and a certificate it signed for localhost."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
_EXTENSIONS = """subjectAltName=DNS:localhost
basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


class Authority(NamedTuple):
    """`trusted` is for `SSL_CERT_FILE`, `server` has the certificate and the key of a server on localhost."""

    trusted: Path
    server: Path


def make_authority(folder: Path) -> Authority:
    """Make both in a folder; skips the test where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    (folder / "extensions").write_text(_EXTENSIONS)
    _openssl(folder, "req", "-x509", *_KEY, "-days", "1", "-subj", "/CN=Tests", "-keyout", "ca.key", "-out", "ca.pem")
    _openssl(folder, "req", *_KEY, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "asked.pem")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "extensions"]
    _openssl(folder, "x509", "-req", "-in", "asked.pem", *signing, "-out", "server.pem")
    server = folder / "server.pem"
    server.write_text(server.read_text() + (folder / "key.pem").read_text())
    return Authority(folder / "ca.pem", server)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
