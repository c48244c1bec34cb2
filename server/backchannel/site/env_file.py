"""The environment file: the service's settings, read by every command as systemd reads them for the unit.

    --env-file, else BACKCHANNEL_ENV_FILE, else /etc/backchannel/backchannel.env if it exists

Variables set in the environment override those in the file, so that a single call can differ from the service.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from pathlib import Path

from backchannel.site.conf import ENV_FILE, SettingError, variable

UNIT_FILE = Path("/etc/backchannel/backchannel.env")
"""The file that deploy/backchannel.service reads."""
UNIT_DATA = "/var/lib/backchannel"
"""The StateDirectory of that unit."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLANKS = " \t\n\r"


def read(option: str | None, environ: MutableMapping[str, str]) -> Path | None:
    """Copy the file's variables into `environ`, except those that are set there. Returns the file, if any. Raises `SettingError`."""
    named = option or environ.get(ENV_FILE, "").strip()
    path = Path(named).expanduser().absolute() if named else UNIT_FILE
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if not named:
            return None
        where = "--env-file" if option else ENV_FILE
        raise SettingError(f"there is no environment file {path}, which {where} names") from None
    except PermissionError:
        raise SettingError(
            f"the environment file {path} cannot be read by this user, so the server's settings are not known: "
            "use sudo, or name another file with --env-file (--env-file /dev/null reads none)"
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise SettingError(f"cannot read the environment file {path}: {reason}") from None
    variables = parse(text)
    if path == UNIT_FILE:
        # The unit sets it. A file that does not repeat it must not send commands to another folder.
        variables.setdefault(variable("data"), UNIT_DATA)
    for name, value in variables.items():
        environ.setdefault(name, value)
    return path


def parse(text: str) -> dict[str, str]:
    """Parse `text` as systemd.exec(5) describes for EnvironmentFile=.

    One assignment per line. Lines that begin with # or ; are comments, even if a backslash ends them. Values may be in single quotes
    (literal) or double quotes (backslash escapes " \\ ` $). Outside quotes a backslash keeps the next character, or continues the
    line. Quoted values may span lines. Lines without = and invalid names are ignored.
    """
    found: dict[str, str] = {}
    reader = _Reader(text)
    while reader.is_more():
        name, value = reader.assignment()
        if name is not None and _NAME.fullmatch(name):
            found[name] = value
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        self._at = 0

    def is_more(self) -> bool:
        return self._at < len(self._text)

    def assignment(self) -> tuple[str | None, str]:
        """The next line, with its continuations. The name is None if it is not an assignment."""
        while self.is_more() and self._text[self._at] in _BLANKS:
            self._at += 1
        if self.is_more() and self._text[self._at] in "#;":
            self._skip_comment()
            return None, ""
        end = self._line_end()
        equals = self._text.find("=", self._at, end)
        if equals < 0:
            self._at = end + 1
            return None, ""
        name = self._text[self._at : equals].strip()
        self._at = equals + 1
        return name, self._value()

    def _value(self) -> str:
        parts: list[str] = []
        kept = 0  # length without the trailing blanks, which are not part of the value
        is_bare = False  # after an unquoted character, quotes are literal
        while (character := self._take()) not in ("", "\n"):
            if character == "\\":
                is_bare = True
                parts.append(self._take().replace("\n", ""))
            elif is_bare:
                parts.append(character)
                if character in _BLANKS:
                    continue
            elif character in _BLANKS:
                continue
            elif character in "'\"":
                parts.append(self._quoted(character))
            else:
                is_bare = True
                parts.append(character)
            kept = len(parts)
        return "".join(parts[:kept])

    def _quoted(self, quote: str) -> str:
        parts: list[str] = []
        while (character := self._take()) not in ("", quote):
            if character == "\\" and quote == '"':
                following = self._take()
                parts.append("" if following == "\n" else following if following in '"\\`$' else "\\" + following)
            else:
                parts.append(character)
        return "".join(parts)

    def _skip_comment(self) -> None:
        while (character := self._take()) not in ("", "\n"):
            if character == "\\":
                self._take()

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _take(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        return character
