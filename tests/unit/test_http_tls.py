"""What TLS is verified with is loaded once, whoever asks, and anew where the environment names other authorities."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flock.engines.http_tls import tls_context
from tests.authority import make_authority


def test_engines_that_start_together_share_one_context() -> None:
    with ThreadPoolExecutor(8) as threads:
        contexts = list(threads.map(lambda _: tls_context(), range(8)))
    assert all(context is contexts[0] for context in contexts)


def test_other_authorities_are_another_context(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = tls_context()
    monkeypatch.setenv("SSL_CERT_FILE", str(make_authority(tmp_path).trusted))
    assert tls_context() is not before
    assert len(tls_context().get_ca_certs()) == 1
