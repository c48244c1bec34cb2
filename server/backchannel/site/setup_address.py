"""Under which address people reach the server, as far as its settings tell; and what a new server says about its setup."""

from __future__ import annotations

from pathlib import Path

from backchannel.site.conf import Conf


def base_of(conf: Conf, host: str, port: int) -> str:
    """The address without a path: the first of BACKCHANNEL_ORIGINS, else what the server listens on."""
    return conf.origins[0] if conf.origins else f"http://{_shown(host)}:{port}"


def prepare_address(folder: Path, base: str) -> tuple[str | None, str | None]:
    """(address, advice): the address that sets this server up, None where it needs none or this node does not know it; and what
    to tell the operator where it does not."""
    from backchannel.accounts import setup_secret

    try:
        secret = setup_secret.prepare(folder)
    except setup_secret.MadeElsewhere as elsewhere:
        return None, (
            f"nobody owns this server yet: `backchannel setup-address` on {elsewhere} prints the address that sets it up, "
            "and here, with --new-secret, another"
        )
    if secret is None:
        return None, None
    setup_secret.note_base(folder, base)
    return setup_secret.address(base, secret), None


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host
