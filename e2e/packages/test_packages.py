"""The packed packages can be imported under Node, compiled against, and built into a page with Vite or webpack."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.packages.kit import NODES, ROOT, examples, in_room, make_site, node, pack, run
from e2e.support.api import Api
from e2e.support.server import Account, Server, free_port


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return pack(tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="session")
def site(archives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("site") / "site", archives)


@pytest.fixture
def member(server: Server, supply: Iterator[Account]) -> Iterator[Api]:
    api = Api(server, next(supply))
    yield api
    api.close()


@pytest.fixture
def room_id(member: Api) -> int:
    return int(member.create_room("group", name="Garden")["id"])


def entries(package: str) -> list[str]:
    """The names by which the package's modules are imported."""
    exports: dict[str, Any] = json.loads((ROOT / package / "package.json").read_text())["exports"]
    return [f"@backchannel/{package}{name[1:]}" for name in exports if not name.endswith((".css", ".json"))]


def test_a_package_holds_javascript_declarations_readme_and_license(archives: list[Path]) -> None:
    for archive in archives:
        with tarfile.open(archive) as tar:
            names = {name.removeprefix("package/") for name in tar.getnames()}
            manifest = json.load(tar.extractfile("package/package.json"))  # type: ignore[arg-type]
            source = [tar.extractfile(f"package/{n}").read().decode() for n in names if n.endswith((".js", ".d.ts"))]  # type: ignore[union-attr]
        assert {"LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts"} <= names
        assert not [name for name in names if name.endswith((".ts", ".tsx")) and not name.endswith(".d.ts")]
        assert not [text for text in source if ".ts'" in text], "an import names a TypeScript source"
        for name, targets in manifest["exports"].items():
            for condition, target in targets.items() if isinstance(targets, dict) else [("default", targets)]:
                if condition != "@backchannel/source":
                    assert target.removeprefix("./") in names, f"{archive.name}: {name} has no {target}"


@pytest.mark.parametrize("major", NODES)
@pytest.mark.timeout(600)
def test_every_module_loads_and_the_readmes_bot_talks_under_node(
    major: str, site: Path, member: Api, room_id: int, server: Server, tmp_path: Path
) -> None:
    program = node(major, tmp_path)
    assert run(program, "--version", cwd=site).startswith(f"v{major}.")
    for name in [*entries("client"), *entries("react")]:
        names = run(program, "--input-type=module", "-e", f"console.log(Object.keys(await import('{name}')))", cwd=site)
        assert names.strip() != "[]", name
    run(program, "-e", "require.resolve('@backchannel/react/indicator.css')", cwd=site)

    bot = next(example for example in examples("client") if "'ws'" in example.text)
    (site / "bot.ts").write_text(in_room(bot, room_id))
    run("npx", "tsc", "--noEmit", "false", "--outDir", "out/bot", cwd=site)
    said = run(program, "out/bot/bot.js", cwd=site, BACKCHANNEL_URL=server.url, BACKCHANNEL_TOKEN=member.account.token)
    (site / "bot.ts").unlink()
    assert "sent by" in said
    messages = member.call("GET", f"/api/rooms/{room_id}/messages")["messages"]
    assert [message["content"] for message in messages] == ["Sunny, 21 °C"]


@pytest.mark.parametrize("resolution", [("esnext", "bundler"), ("nodenext", "nodenext")])
@pytest.mark.timeout(300)
def test_the_readmes_examples_compile_with_every_check_on(site: Path, resolution: tuple[str, str]) -> None:
    module, way = resolution
    written = [*examples("client"), *examples("react")]
    assert len(written) >= 5
    try:
        for example in written:
            (site / example.name).write_text(example.text)
        run("npx", "tsc", "--module", module, "--moduleResolution", way, "--skipLibCheck", "false", cwd=site)
    finally:
        for example in written:
            (site / example.name).unlink()


@contextmanager
def preview(site: Path, built: str, server: Server) -> Iterator[str]:
    """The built page, on an origin that passes the chat's addresses on to the server."""
    port = free_port()
    with subprocess.Popen(
        ["npx", "vite", "preview", "--outDir", built, "--host", "127.0.0.1", "--port", str(port), "--strictPort"],
        cwd=site,
        env={**os.environ, "CHAT_SERVER": server.url},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                try:
                    httpx.get(url)
                    break
                except httpx.TransportError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield url
        finally:
            os.killpg(process.pid, 15)


@pytest.mark.parametrize("bundler", ["vite", "webpack"])
@pytest.mark.timeout(600)
def test_the_readmes_page_built_by_a_bundler_sends_and_shows(
    bundler: str, site: Path, member: Api, room_id: int, server: Server, browsers: Any
) -> None:
    page_example = next(example for example in examples("react") if "createRoot" in example.text)
    (site / "main.tsx").write_text(in_room(page_example, room_id))
    built = site / "out" / bundler
    if bundler == "vite":
        run("npx", "vite", "build", cwd=site)
    else:
        run("npx", "webpack", cwd=site)
        html = (site / "index.html").read_text().replace('type="module" src="./main.tsx"', 'defer src="./main.js"')
        (built / "index.html").write_text(html)
    with preview(site, f"out/{bundler}", server) as url:
        context: BrowserContext = browsers()
        account = member.account
        context.add_cookies([{"name": account.cookie, "value": account.session, "url": url, "httpOnly": True}])
        page = context.new_page()
        page.goto(url)
        page.get_by_label("Message").fill(f"built by {bundler}")
        page.get_by_label("Message").press("Enter")
        expect(page.get_by_role("listitem").filter(has_text=f"{account.display_name}: built by")).to_be_visible()
    messages = member.call("GET", f"/api/rooms/{room_id}/messages")["messages"]
    assert [message["content"] for message in messages] == [f"built by {bundler}"]
