import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backchannel.site import reference
from backchannel.site.conf import Conf, SettingError, load, unknown, variable
from backchannel.site.database import database
from backchannel.site.folder import kept_secret_key, prepare_folder
from backchannel.site.mail import mail_settings

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def test_every_setting_is_documented() -> None:
    assert PAGE.read_text("utf-8") == reference.page(), (
        "python -m backchannel.site.reference > docs/reference/settings.md"
    )
    for item in fields(Conf):
        assert item.metadata["help"].endswith("."), item.name


def test_every_setting_has_a_default() -> None:
    conf = load({"HOME": "/home/ada"})
    assert conf.data == Path("/home/ada/.local/share/backchannel")
    assert (conf.host, conf.port, conf.signup, conf.hosts) == ("127.0.0.1", 8000, "invitation", ["*"])
    assert not conf.behind_https


def test_a_blank_variable_counts_as_unset() -> None:
    assert load({"HOME": "/h", "BACKCHANNEL_PORT": " ", "BACKCHANNEL_SIGNUP": ""}).port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "eighty"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "٣"),
        ("signup", "everybody"),
        ("origins", "chat.example.com"),
        ("origins", "https://chat.example.com/app"),
        ("origins", "https://me@chat.example.com"),
        ("origins", "ftp://chat.example.com"),
        ("origins", "https://chat.example.com:port"),
        ("origins", "https://*.example.com"),
        ("database_url", "mysql://x/y"),
        ("database_url", "postgres://u:secret@h:abc/x"),
        ("database_url", "postgres://u:secret@h:99999/x"),
        ("database_url", "postgres://u:secret#part@h/x"),
        ("database_url", "postgres://u:secret@[::1/x"),
        ("database_url", "postgres://u:secret@h"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///relative/to/where/one/stands.db"),
        ("redis_url", "redis://:secret@h:abc/0"),
        ("redis_url", "redis://:secret@h:99999/0"),
        ("mail_url", "smtp://u:secret@h:abc"),
        ("allowed_hosts", "https://chat.example.com"),
        ("allowed_hosts", "chat.example.com:8000"),
        ("secret_key", "secret"),
        ("redis_url", "http://x"),
        ("https", "maybe"),
        ("trusted_proxies", "proxy.example.com"),
        ("session_days", "0"),
        ("log_format", "xml"),
        ("log_level", "chatty"),
        ("mail_url", "imap://x"),
    ],
)
def test_an_unusable_value_is_refused_in_one_line_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        load({"HOME": "/h", variable(name): value})
    assert str(caught.value).startswith(variable(name) + " ")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value).partition("; make one")[0]


def test_origins_are_normalised_and_determine_https() -> None:
    conf = load({"HOME": "/h", "BACKCHANNEL_ORIGINS": "https://Chat.Example.com:443/, https://[::1]:8443"})
    assert conf.origins == ("https://chat.example.com", "https://[::1]:8443")
    assert conf.behind_https
    assert conf.hosts == ["chat.example.com", "::1"]
    assert not load({"HOME": "/h", "BACKCHANNEL_ORIGINS": "https://a.example http://b.example"}).behind_https
    assert load({"HOME": "/h", "BACKCHANNEL_HTTPS": "yes"}).behind_https


def test_the_page_may_load_pictures_from_the_listed_hosts_alone() -> None:
    code = "from backchannel.site import settings as s; print(s.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src'])"
    with TemporaryDirectory() as folder:
        given = {"BACKCHANNEL_DATA": folder, "BACKCHANNEL_PICTURE_ORIGINS": "https://cdn.example:443"}
        printed = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **given}, capture_output=True, text=True, check=True
        )
    assert printed.stdout.strip() == str(["'self'", "https://cdn.example"])
    with pytest.raises(SettingError):
        load({"HOME": "/h", "BACKCHANNEL_PICTURE_ORIGINS": "https://*.example"})


def test_the_port_variable_of_a_kubernetes_service_is_ignored() -> None:
    assert load({"HOME": "/h", "BACKCHANNEL_PORT": "tcp://10.0.0.1:8000"}).port == 8000


def test_a_misspelt_variable_is_reported_with_the_setting_it_resembles() -> None:
    assert unknown({"BACKCHANNEL_SIGNUPS": "open", "BACKCHANNEL_DATA": "/x", "PATH": "/bin"}) == [
        "BACKCHANNEL_SIGNUPS is not a setting; did you mean BACKCHANNEL_SIGNUP?"
    ]


def test_variables_of_a_kubernetes_service_are_not_called_misspelt() -> None:
    names = ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_8000_TCP", "PORT_8000_TCP_ADDR")
    assert unknown({f"BACKCHANNEL_{name}": "x" for name in names}) == []


def test_sqlite_syncs_every_commit_and_never_upgrades_a_read_to_a_write(tmp_path: Path) -> None:
    entry = database("", tmp_path)
    assert entry["NAME"] == str(tmp_path / "backchannel.sqlite3")
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in entry["OPTIONS"]["init_command"]
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]
    assert database("sqlite:////var/lib/my%20chat.db", tmp_path)["NAME"] == "/var/lib/my chat.db"


def test_a_postgres_address_is_parsed(tmp_path: Path) -> None:
    entry = database("postgres://ada:p%40ss@db.example:5433/chat?sslmode=require", tmp_path)
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"], entry["NAME"]) == (
        "ada",
        "p@ss",
        "db.example",
        "5433",
        "chat",
    )
    assert entry["OPTIONS"]["sslmode"] == "require"


def test_mail_is_dropped_until_it_is_configured() -> None:
    assert mail_settings("", "a@b")["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    starttls = mail_settings("smtp://u:p%2F@mail.example", "a@b")
    assert (starttls["EMAIL_PORT"], starttls["EMAIL_USE_TLS"], starttls["EMAIL_HOST_PASSWORD"]) == (587, True, "p/")
    assert mail_settings("smtps://mail.example", "a@b")["EMAIL_USE_SSL"] is True
    assert mail_settings("smtp://localhost?tls=no", "a@b")["EMAIL_USE_TLS"] is False


def test_the_secret_key_is_generated_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    prepare_folder(folder)
    key = kept_secret_key(folder)
    assert kept_secret_key(folder) == key
    assert len(key) >= 64
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_an_unusable_folder_or_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingError, match="is not a folder"):
        prepare_folder(tmp_path / "file")
    (tmp_path / "secret_key").write_text("short\n")
    with pytest.raises(SettingError, match="no usable key"):
        kept_secret_key(tmp_path)
