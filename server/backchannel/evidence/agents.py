"""A User-Agent, reduced to what differs between networks' ways with WebSockets: the browser with its major version, and the system. Pure.

The header is never stored: it would name people by the rarest of its parts. Rules of our own, first match: a library of all agents ever
seen weighs 20 MB, and its further answers are not asked for.
"""

import re
from functools import lru_cache
from typing import Final

OTHER: Final = "other"
_LONGEST: Final = 512
"""Characters of the header that are read."""


# Chrome's descendants name Chrome too, and Chrome names Safari: the more special come first.
_BROWSERS: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Edg(?:e|A|iOS)?/(\d+)", "edge"),
        (r"OPR/(\d+)", "opera"),
        (r"SamsungBrowser/(\d+)", "samsung"),
        (r"YaBrowser/(\d+)", "yandex"),
        (r"Vivaldi/(\d+)", "vivaldi"),
        (r"Electron/(\d+)", "electron"),
        (r"HeadlessChrome/(\d+)", "chrome headless"),
        (r"(?:Firefox|FxiOS)/(\d+)", "firefox"),
        (r"; wv\).*Chrome/(\d+)", "android webview"),
        (r"(?:Chrome|CriOS|Chromium)/(\d+)", "chrome"),
        (r"Version/(\d+).*Safari/", "safari"),
        (r"(?:iPhone|iPad).*AppleWebKit/(\d+)", "ios webview"),
        (r"Trident/(\d+)", "internet explorer"),
        (r"\bnode(?:-fetch|\.js)?/?v?(\d+)?", "node"),
        (r"undici", "node"),
        (r"Deno/(\d+)", "deno"),
        (r"Bun/(\d+)", "bun"),
        (r"[Pp]ython(?:-requests|-httpx|-urllib)?/(\d+)", "python"),
        (r"aiohttp/(\d+)", "python aiohttp"),
        (r"Go-http-client/(\d+)", "go"),
        (r"okhttp/(\d+)", "okhttp"),
        (r"curl/(\d+)", "curl"),
    )
)
_SYSTEMS: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"iPhone|iPad|iPod", "ios"),
        (r"Android", "android"),
        (r"CrOS", "chromeos"),
        (r"Windows", "windows"),
        (r"Mac OS X|Macintosh|Darwin", "macos"),
        (r"Linux|X11", "linux"),
    )
)


@lru_cache(1024)
def reduced(user_agent: str) -> str:
    """Like "chrome 131, linux"; `other` for what is not known of either."""
    text = user_agent[:_LONGEST]
    system = next((name for pattern, name in _SYSTEMS if pattern.search(text)), OTHER)
    return f"{_browser_of(text)}, {system}"


def _browser_of(text: str) -> str:
    for pattern, name in _BROWSERS:
        found = pattern.search(text)
        if found:
            version = found[1][:4] if pattern.groups and found[1] else ""
            return f"{name} {version}".rstrip()
    return OTHER
