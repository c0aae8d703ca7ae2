import datetime as dt
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from partsong.hub.tls import DAYS, local_tls, steps
from partsong.report import SettingsInvalid
from tests.hub.hubs import process


def test_the_authority_signs_for_these_names_alone(tmp_path: Path) -> None:
    files = local_tls(tmp_path, ["192.168.7.7", "localhost"])
    root = x509.load_pem_x509_certificate(files.authority.read_bytes())
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [str(one.value) for one in constraints.value.permitted_subtrees or []] == ["192.168.7.7/32", "localhost"]
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert files.fingerprint in " ".join(steps(files, "https://192.168.7.7:8420"))


def test_it_is_kept_until_it_expires_or_does_not_fit(tmp_path: Path) -> None:
    first = local_tls(tmp_path, ["localhost"])
    assert local_tls(tmp_path, ["localhost"]) == first
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=DAYS + 1)
    assert local_tls(tmp_path, ["localhost"], later).fingerprint != first.fingerprint
    assert local_tls(tmp_path, ["10.0.0.1"]).fingerprint != first.fingerprint


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match="cannot be used"):
        local_tls(tmp_path / "file", ["localhost"])


def test_a_hub_speaks_https_to_whoever_trusts_the_authority(tmp_path: Path) -> None:
    import urllib.request  # noqa: PLC0415 - this test alone

    files = local_tls(tmp_path / "tls", ["127.0.0.1"])
    with process(tmp_path / "hub.sqlite3", tls_cert=files.certificate, tls_key=files.key) as hub:
        assert hub.address.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(files.authority))
        with urllib.request.urlopen(hub.address + "/v1/frames", context=trusting) as answer:  # noqa: S310 - our own address
            assert answer.status == 200
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(hub.address + "/v1/frames", timeout=5)  # noqa: S310 - our own address
