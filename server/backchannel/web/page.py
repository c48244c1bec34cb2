"""The single page of the app. Everything on it except the settings is the same for everyone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from backchannel import __version__
from backchannel.accounts.views import state_of
from backchannel.protocol.errors import CommandError
from backchannel.web.build import Build, current_build, service_worker

# Features that the app never uses, and so an injected script cannot use either.
_NOT_USED = "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()"

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Backchannel: the web app is not built</title>
<h1>The web app is not built</h1>
<p>This server was installed without its web app, so there is no page to show here. The API works all the same.</p>
<p>To build it, with Node 20.19 or later on this machine, run this in the checkout and reload the page:</p>
<pre>npm ci
npm run build</pre>
<p>An installed package (<code>pip install backchannel</code>) has it already.</p>
</html>
"""


@require_safe
def page(request: HttpRequest, path: str = "") -> HttpResponse:
    """Serve the app at every URL that no other view answers: the app knows which view a URL means."""
    if "." in path.rsplit("/", 1)[-1]:
        return HttpResponseNotFound("Not found.", content_type="text/plain; charset=utf-8")
    build = current_build()
    try:
        state = state_of(request)
    except CommandError as refusal:
        return HttpResponse(f"{refusal}\n", status=refusal.code.status, content_type="text/plain; charset=utf-8")
    response = HttpResponse(_NOT_BUILT, status=503) if build is None else HttpResponse(_page(build, state))
    # The page names files whose names change with their content, and contains who is signed in.
    response["Cache-Control"] = "private, no-cache"
    response["Permissions-Policy"] = _NOT_USED
    if "setup" in request.GET:
        # The URL holds the secret that creates the owner: the page must not send it as a referrer, to appear in some proxy's log.
        response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. At the root, because its scope would otherwise be /static/web/; revalidated at every visit."""
    script = service_worker()
    if script is None:
        return HttpResponseNotFound("Not found.", content_type="text/plain; charset=utf-8")
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def _page(build: Build, state: dict[str, Any]) -> str:
    values = {**state, "version": __version__, "csrf_cookie": settings.CSRF_COOKIE_NAME, "csrf_header": "X-CSRFToken"}
    head = [
        _tag('<link rel="icon" type="image/svg+xml" href="{}">', build.icon),
        _tag('<link rel="manifest" href="{}">', build.web_manifest),
        _tag('<script src="{}"></script>', build.blocking),
        *(_tag('<link rel="stylesheet" href="{}">', style) for style in build.styles),
        *(_tag('<link rel="modulepreload" href="{}">', chunk) for chunk in build.preloads),
        _tag('<script type="module" src="{}"></script>', build.module),
    ]
    return format_html(
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<title>{workspace}</title>\n"
        "{settings}\n{head}\n"
        "</head>\n<body>\n"
        '<div id="root"></div>\n'
        "<noscript>This app needs JavaScript.</noscript>\n"
        "</body>\n</html>\n",
        workspace=state["workspace"],
        settings=json_script(values, "backchannel-settings"),
        head=format_html_join("\n", "{}", ((tag,) for tag in head if tag)),
    )


def _tag(form: str, address: str | None) -> SafeString:
    return format_html(form, address) if address else SafeString("")
