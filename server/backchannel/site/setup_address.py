"""The address under which people reach the server, as far as its settings say, and what a new server prints about its setup."""

from __future__ import annotations

from pathlib import Path

from backchannel.site.conf import Conf


def base_of(conf: Conf, host: str, port: int) -> str:
    """The base address without a path: the first of BACKCHANNEL_ORIGINS, else what the server listens on."""
    return conf.origins[0] if conf.origins else f"http://{_shown(host)}:{port}"


def prepare_address(folder: Path, base: str) -> tuple[str | None, str | None]:
    """(address, advice). `address` sets this server up; None if it needs no setup, or if another node has the secret. `advice` says what
    the operator should do in the latter case."""
    from backchannel.accounts import setup_secret

    try:
        secret = setup_secret.prepare(folder)
    except setup_secret.MadeElsewhere as elsewhere:
        return None, (
            f"this server has no owner yet: `backchannel setup-address` on {elsewhere} prints the address that sets it up; "
            "here, `backchannel setup-address --new-secret` replaces it"
        )
    if secret is None:
        return None, None
    setup_secret.note_base(folder, base)
    return setup_secret.address(base, secret), None


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host
