"""Recognises the proxy in front of the server by what it answers, and knows the lines to paste into its settings."""

from __future__ import annotations

from typing import Final, Literal

from backchannel.doctor.outside.asking import Broken, ask, ask_raw
from backchannel.doctor.outside.target import Target

Proxy = Literal["nginx", "Caddy", "HAProxy", "Apache", "Squid", "Varnish", "Traefik", "Cloudflare", "mitmproxy"]

KNOWN: Final[tuple[Proxy, ...]] = (
    *("nginx", "Caddy", "HAProxy", "Apache", "Squid", "Varnish", "Traefik", "Cloudflare", "mitmproxy"),
)
_IN_HEADERS: Final[dict[str, Proxy]] = {name.lower(): name for name in KNOWN}
_IN_ERRORS: Final[dict[bytes, Proxy]] = {
    b"<center>nginx": "nginx",
    b"Your browser sent an invalid request.": "HAProxy",
    b"Server: Apache": "Apache",
    b"squid": "Squid",
    b"mitmproxy": "mitmproxy",
    b"Server: Varnish": "Varnish",
    b"varnish": "Varnish",
    b"cloudflare": "Cloudflare",
}
_NOT_HTTP: Final = b"GET / NOT-HTTP\r\n\r\n"


def recognise(target: Target) -> Proxy | None:
    """The proxy that answers; None if there is none, or an unknown one."""
    try:
        headers = ask(target, "GET", "/api/me").headers
        said = f"{headers.get('Server', '')} {' '.join(headers.get_all('Via', []))}".lower()
    except Broken:
        said = ""
    for name, proxy in _IN_HEADERS.items():
        if name in said:
            return proxy
    # Some say nothing about themselves until they refuse something.
    refusal = ask_raw(target, _NOT_HTTP)
    return next((proxy for text, proxy in _IN_ERRORS.items() if text.lower() in refusal.lower()), None)


def advice(code: str, proxy: Proxy | None) -> str:
    """The lines to paste into that proxy's settings, or what any proxy has to be made to do."""
    return _LINES.get((code, proxy or ""), "") or _LINES[code, ""]


def lines_of(code: str) -> dict[str, str]:
    """Proxy → its lines for this code; "" is any other."""
    return {name: text for (of, name), text in _LINES.items() if of == code}


_LINES: Final[dict[tuple[str, str], str]] = {
    ("D206", ""): "Let the proxy speak HTTP/1.1 to the server and forward the headers Upgrade and Connection at /ws.",
    ("D206", "nginx"): (
        "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection upgrade;"
    ),
    (
        "D206",
        "Caddy",
    ): "Remove `header_up -Upgrade` and `header_up -Connection`: reverse_proxy forwards upgrades by itself.",
    ("D206", "HAProxy"): "Remove `http-request del-header Upgrade` and `option httpclose`.",
    ("D206", "Apache"): "ProxyPass /ws http://127.0.0.1:8000/ws upgrade=websocket",
    ("D206", "Squid"): "http_upgrade_request_protocols websocket allow all",
    ("D206", "Varnish"): (
        'sub vcl_recv { if (req.http.upgrade ~ "(?i)websocket") { return (pipe); } }\n'
        "sub vcl_pipe { if (req.http.upgrade) { set bereq.http.upgrade = req.http.upgrade; "
        "set bereq.http.connection = req.http.connection; } }"
    ),
    ("D206", "Cloudflare"): "Network → WebSockets: on",
    ("D207", ""): "Let the proxy pass on Host with its port, and Origin, as the browser sent them.",
    ("D207", "nginx"): "proxy_set_header Host $http_host;",
    ("D207", "Apache"): "ProxyPreserveHost On",
    ("D208", ""): "Raise the proxy's idle timeout to 90 s or more.",
    ("D208", "nginx"): "proxy_read_timeout 90s;\nproxy_send_timeout 90s;",
    ("D208", "HAProxy"): "timeout tunnel 90s\ntimeout client 90s\ntimeout server 90s",
    ("D208", "Caddy"): "Remove `stream_timeout`, and `read_timeout` of the transport.",
    ("D208", "Apache"): "ProxyTimeout 90",
    ("D208", "Squid"): "read_timeout 90 seconds",
    ("D208", "Varnish"): "param.set pipe_timeout 90",
    ("D209", ""): "Raise the time that the proxy waits for an answer to 60 s or more; a poll is answered within 25 s.",
    ("D209", "nginx"): "proxy_read_timeout 90s;",
    ("D209", "HAProxy"): "timeout server 90s\ntimeout client 90s",
    ("D209", "Caddy"): "Remove `response_header_timeout` of the transport, or set it to 60s.",
    ("D209", "Apache"): "ProxyTimeout 90",
    ("D209", "Squid"): "read_timeout 90 seconds\nrequest_timeout 90 seconds",
    ("D209", "Varnish"): ".first_byte_timeout = 60s;\n.between_bytes_timeout = 60s;",
    ("D210", ""): "Turn off buffering of answers below /api/sync.",
    ("D210", "nginx"): "proxy_buffering off;",
    ("D210", "Caddy"): "flush_interval -1",
    ("D211", ""): "Let the proxy accept bodies of 8 MiB at /api/uploads/, 1 MiB at /api/sync and 256 KiB elsewhere.",
    (
        "D211",
        "nginx",
    ): "location ^~ /api/uploads/ {\n\tclient_max_body_size 8m;\n\tproxy_pass …;\n}\nlocation = /api/sync {\n\tclient_max_body_size 1m;\n\tproxy_pass …;\n}",
    ("D211", "Caddy"): "@pieces path /api/uploads/*\nrequest_body @pieces {\n\tmax_size 8MiB\n}",
    ("D211", "Apache"): "LimitRequestBody 8388608",
    ("D212", ""): "Name the server's addresses: BACKCHANNEL_ORIGINS=https://… (a Django site: ALLOWED_HOSTS).",
    ("D213", ""): "Let the proxy replace X-Forwarded-For by the address of its client.",
    ("D213", "nginx"): "proxy_set_header X-Forwarded-For $remote_addr;",
    ("D213", "HAProxy"): "option forwardfor\nhttp-request del-header X-Forwarded-For",
    ("D213", "Caddy"): "header_up X-Forwarded-For {client_ip}",
    ("D213", "Apache"): "RequestHeader unset X-Forwarded-For early",
    ("D213", "Squid"): "forwarded_for truncate",
    ("D213", "Varnish"): "sub vcl_recv { set req.http.X-Forwarded-For = client.ip; }",
    ("D214", ""): "Let the proxy set X-Forwarded-Proto to the scheme of its client's request.",
    ("D214", "nginx"): "proxy_set_header X-Forwarded-Proto $scheme;",
    ("D214", "HAProxy"): "http-request set-header X-Forwarded-Proto https",
    ("D214", "Caddy"): "header_up X-Forwarded-Proto {scheme}",
    ("D214", "Apache"): "RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}",
    (
        "D214",
        "Squid",
    ): "request_header_access X-Forwarded-Proto deny all\nrequest_header_add X-Forwarded-Proto http all",
    ("D214", "Varnish"): 'sub vcl_recv { set req.http.X-Forwarded-Proto = "http"; }',
    ("D215", ""): "Let the proxy send X-Forwarded-For, and name its address in BACKCHANNEL_TRUSTED_PROXIES.",
    ("D216", ""): "Answer /metrics, /readyz and /healthz with 404 at the proxy; the machine asks the server itself.",
    ("D216", "nginx"): "location ~* ^/(metrics|readyz|healthz)(/|$) {\n\treturn 404;\n}",
    ("D216", "Caddy"): ("@inner path /metrics /metrics/* /readyz /readyz/* /healthz /healthz/*\nrespond @inner 404"),
    ("D216", "HAProxy"): (
        "acl inner path,url_dec -m reg -i '^(.*/\\.\\.?)?/+(metrics|readyz|healthz)([/;#?]|$)'\n"
        'http-request return status 404 content-type text/plain string "Not found." if inner'
    ),
    ("D216", "Apache"): 'RedirectMatch 404 "^/(metrics|readyz|healthz)(/|$)"',
    ("D216", "Squid"): "acl inner urlpath_regex -i ^/(metrics|readyz|healthz)(/|$)\nhttp_access deny inner",
    ("D216", "Varnish"): (
        'sub vcl_recv { if (req.url ~ "(?i)^/(metrics|readyz|healthz)(/|[?]|$)") { return (synth(404)); } }'
    ),
}
