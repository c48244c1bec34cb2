"""A conversation with the mail server that sends no mail: connection, TLS, sign-in."""

from __future__ import annotations

import smtplib
import ssl

from backchannel.findings import Finding
from backchannel.site.mail import mail_settings


def examine(url: str) -> Finding:
    """D116 of BACKCHANNEL_MAIL_URL. The address may hold a password, which is never shown."""
    if not url:
        return Finding("D116", "note", "BACKCHANNEL_MAIL_URL is unset: nobody can reset a forgotten password by mail")
    settings = mail_settings(url, "")
    return converse(
        str(settings["EMAIL_HOST"]),
        int(settings["EMAIL_PORT"]),
        settings["EMAIL_HOST_USER"],
        settings["EMAIL_HOST_PASSWORD"],
        implicit_tls=settings["EMAIL_USE_SSL"],
        starttls=settings["EMAIL_USE_TLS"],
    )


def converse(host: str, port: int, user: str, password: str, *, implicit_tls: bool, starttls: bool) -> Finding:
    """D116: greet, encrypt, sign in and leave."""
    where = f"the mail server {host}:{port}"
    step = "does not answer"
    try:
        kind = smtplib.SMTP_SSL if implicit_tls else smtplib.SMTP
        with kind(host, port, timeout=10) as server:
            step = "does not greet"
            server.ehlo()
            if starttls:
                step = "does not encrypt (STARTTLS)"
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if user:
                step = "does not accept the user name and password"
                server.login(user, password)
    except smtplib.SMTPResponseException as refusal:
        return Finding("D116", "problem", f"{where} {step}: it answers {refusal.smtp_code}")
    except (smtplib.SMTPException, OSError) as problem:
        return Finding(
            "D116", "problem", f"{where} {step}: {getattr(problem, 'strerror', None) or type(problem).__name__}"
        )
    done = "greets" + (", encrypts" if starttls or implicit_tls else "") + (", accepts the user" if user else "")
    return Finding("D116", "ok", f"{where} {done}")
