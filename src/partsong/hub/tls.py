"""HTTPS without a public name: a certificate authority of one's own, for one venue (needs the extra `tls`).

Promised: the authority may sign only for the names and addresses it was made for (name constraints, RFC 5280 section
4.2.1.10) and no further authority, so that a phone that trusts it trusts it for this hub alone; its key is readable by
its owner alone; the hub's certificate lasts `DAYS` and is made anew when it has expired or does not fit.

Not promised: that a phone trusts it. A person installs it by hand and compares the fingerprint; `steps` says how.
"""

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from partsong.report import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

DAYS: Final = 30
"""How long authority and certificate last: an exhibition, not an institution."""


@dataclass(frozen=True)
class LocalTls:
    """Files for a hub that speaks HTTPS by its own authority.

    Attributes:
        certificate: The hub's certificate, followed by the authority's (PEM).
        key: Its private key (PEM).
        authority: What a phone must be told to trust (PEM).
        fingerprint: SHA-256 of the authority, in hex pairs, to be compared by eye.
    """

    certificate: Path
    key: Path
    authority: Path
    fingerprint: str


def local_tls(folder: Path, names: "Sequence[str]", now: dt.datetime | None = None) -> LocalTls:
    """A certificate for these host names and addresses, made if it is not there, has expired or does not fit.

    Raises:
        SettingsInvalid: The package `cryptography` is not installed, or the folder cannot be written.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = LocalTls(folder / "hub.pem", folder / "hub.key", folder / "authority.crt", "")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _fits(files, names, now):
            _make(files, names, now)
        return LocalTls(files.certificate, files.key, files.authority, _fingerprint(files.authority))
    except ImportError as error:
        raise SettingsInvalid("A local authority needs `cryptography`.", "pip install 'partsong[tls]'.") from error
    except OSError as error:
        raise SettingsInvalid(f"The folder {folder} cannot be used: {error}.", "Name another one.") from error


def steps(files: LocalTls, address: str) -> list[str]:
    """What to do on a phone, one sentence a step."""
    iphone = (
        "iPhone: open it, then Settings › General › VPN & Device Management › Install; then Settings › General › "
        "About › Certificate Trust Settings, and switch it on."
    )
    return [
        f"Bring {files.authority} to the phone: by cable, or by a message to yourself.",
        iphone,
        "Android: Settings › Security › Encryption & credentials › Install a certificate › CA certificate.",
        f"Before you trust it, compare its SHA-256 fingerprint: {files.fingerprint}",
        f"Open {address}/join. It can sign for this hub alone and ends after {DAYS} days; remove it after the event.",
    ]


def _fits(files: LocalTls, names: "Sequence[str]", now: dt.datetime) -> bool:
    from cryptography import x509  # noqa: PLC0415 - an extra

    if not (files.certificate.exists() and files.key.exists() and files.authority.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return certificate.not_valid_after_utc > now and list(found) == list(map(_name, names))


def _make(files: LocalTls, names: "Sequence[str]", now: dt.datetime) -> None:
    from cryptography import x509  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _subject("Partsong, this hub only")
    root = _builder(root_name, root_name, root_key, now)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(x509.NameConstraints([_permitted(one) for one in names], None), critical=True)
    leaf = _builder(_subject("Partsong hub"), root_name, key, now)
    leaf = leaf.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    _write(files, _sign(root, root_key), _sign(leaf, root_key), key)
    # The authority's key is not kept: it signs this one certificate and is gone, so nobody can steal it.


def _write(files: LocalTls, root: "x509.Certificate", leaf: "x509.Certificate", key: "EllipticCurvePrivateKey") -> None:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - an extra

    pem = form.Encoding.PEM
    files.key.unlink(missing_ok=True)
    with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(pem, form.PrivateFormat.PKCS8, form.NoEncryption()))
    files.authority.write_bytes(root.public_bytes(pem))
    files.certificate.write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem))


def _builder(
    subject: "x509.Name", issuer: "x509.Name", key: "EllipticCurvePrivateKey", now: dt.datetime
) -> "x509.CertificateBuilder":
    from cryptography import x509  # noqa: PLC0415 - an extra

    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(days=DAYS)
    )


def _sign(builder: "x509.CertificateBuilder", key: "EllipticCurvePrivateKey") -> "x509.Certificate":
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - an extra

    return builder.sign(key, SHA256())


def _subject(text: str) -> "x509.Name":
    from cryptography import x509  # noqa: PLC0415 - an extra

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _name(text: str) -> "x509.GeneralName":
    from cryptography import x509  # noqa: PLC0415 - an extra

    address = _address(text)
    return x509.DNSName(text) if address is None else x509.IPAddress(address)


def _permitted(text: str) -> "x509.GeneralName":
    from cryptography import x509  # noqa: PLC0415 - an extra

    address = _address(text)
    return x509.DNSName(text) if address is None else x509.IPAddress(ipaddress.ip_network(text))


def _address(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _fingerprint(authority: Path) -> str:
    from cryptography import x509  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    return x509.load_pem_x509_certificate(authority.read_bytes()).fingerprint(SHA256()).hex(":").upper()
