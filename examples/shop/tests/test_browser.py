"""The shop in Chromium: real pages, a real server, and networks that break."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from e2e.network.faults import DOWN, Faults
from e2e.support.example_site import ExampleSite
from tests.running import Person, shop_in

THANKS = "Thank you for your order."


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after this module: while Playwright's event loop is there, Django refuses queries in this thread."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ExampleSite:
    shop = shop_in(tmp_path_factory.mktemp("shop"))
    shop.set_up()
    return shop


@pytest.fixture(scope="module")
def port(shop: ExampleSite) -> Iterator[int]:
    with shop.served() as port:
        yield port


@pytest.fixture
def sign_in(chromium: Browser, port: int) -> Iterator[Callable[[str], Person]]:
    people: list[Person] = []

    def make(email: str) -> Person:
        people.append(Person(chromium, port, email))
        return people[-1]

    yield make
    for person in people:
        person.close()


@pytest.fixture
def ada(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("ada@acme.example")


@pytest.fixture
def ben(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("ben@acme.example")


@pytest.mark.smoke
def test_two_people_of_one_company_talk_and_one_of_another_sees_nothing(
    ada: Person, ben: Person, sign_in: Callable[[str], Person]
) -> None:
    eve = sign_in("eve@rival.example")
    ada.order("Two lamps")
    expect(ben.badge).to_have_text("1")
    ben.open("Two lamps")
    expect(ben.badge).to_have_count(0)
    ben.write("Which colour?")
    expect(ada.messages).to_contain_text([THANKS, "Ben Which colour?"])
    ada.write("Blue, please")
    expect(ben.messages).to_contain_text([THANKS, "Ben Which colour?", "Ada Blue, please"])
    ben.page.get_by_role("button", name="Ship").click()
    expect(ada.messages.last).to_contain_text("Your order has been shipped.")
    eve.page.reload()
    expect(eve.page.get_by_label("Item")).to_be_visible()
    expect(eve.page.get_by_role("list", name="Orders").get_by_role("listitem")).to_have_count(0)
    assert "lamps" not in eve.page.content()


@pytest.mark.smoke
def test_people_go_on_talking_when_websockets_are_blocked_half_way(ada: Person, ben: Person) -> None:
    ada.order("A chair")
    ben.open("A chair")
    ben.write("one")
    expect(ada.messages).to_contain_text([THANKS, "one"])
    ada.suffer(Faults(upgrade_status=403))
    ada.write("two")
    expect(ben.messages).to_contain_text([THANKS, "one", "two"])
    expect(ada.indicator).to_contain_text("Chat disconnected")
    ben.write("three")
    expect(ada.messages).to_contain_text([THANKS, "one", "two", "three"])
    ada.recover()
    expect(ada.indicator).to_have_count(0)
    ada.write("four")
    for person in (ada, ben):
        expect(person.messages).to_contain_text([THANKS, "one", "two", "three", "four"])
        expect(person.messages).to_have_count(5)


def test_what_is_typed_survives_a_reload_and_what_is_sent_an_outage(ada: Person, ben: Person) -> None:
    ada.order("A table")
    ada.composer.fill("half a sent")
    ada.page.reload()
    ada.open("A table")
    expect(ada.composer).to_have_value("half a sent")
    ada.suffer(DOWN)
    ada.write("written without a network")
    expect(ada.indicator).to_contain_text("Connection failed")
    expect(ada.composer).to_have_value("")
    ada.recover()
    ben.open("A table")
    expect(ben.messages).to_contain_text([THANKS, "written without a network"])
    expect(ada.indicator).to_have_count(0)
    expect(ada.messages).to_have_count(2)


def test_what_the_policy_refuses_says_why_and_stays_until_it_is_deleted(ada: Person) -> None:
    ada.order("A sofa")
    ada.page.get_by_role("button", name="Cancel").click()
    expect(ada.messages.last).to_contain_text("This order was cancelled.")
    ada.write("Why?")
    refusal = ada.messages.filter(has_text="Not sent: This order was cancelled.")
    expect(refusal).to_contain_text("Why?")
    refusal.get_by_role("button", name="Delete").click()
    expect(ada.messages).to_have_count(2)


def test_an_order_of_a_process_that_is_killed_after_its_commit_is_there_once(ben: Person, shop: ExampleSite) -> None:
    """`kill -9` between the commit and the delivery."""
    killed = shop.manage(
        "shell",
        "-c",
        "import os\n"
        "from orders import chat\n"
        "from orders.models import User\n"
        "from django.db import transaction\n"
        "with transaction.atomic():\n"
        "    transaction.on_commit(lambda: os.kill(os.getpid(), 9))\n"
        "    chat.place_order(User.objects.get(email='ada@acme.example'), 'A shelf')\n",
    )
    assert killed.returncode == -9, killed.stderr
    ben.open("A shelf")
    expect(ben.messages).to_contain_text([THANKS])
    expect(ben.messages).to_have_count(1)
    expect(ben.page.get_by_role("button", name="A shelf")).to_have_count(1)


def test_an_order_that_fails_leaves_nothing(ben: Person, shop: ExampleSite) -> None:
    failed = shop.manage(
        "shell",
        "-c",
        "from orders import chat\n"
        "from orders.models import User\n"
        "from django.db import transaction\n"
        "ada = User.objects.get(email='ada@acme.example')\n"
        "try:\n"
        "    with transaction.atomic():\n"
        "        chat.place_order(ada, 'A declined bed')\n"
        "        raise RuntimeError\n"
        "except RuntimeError:\n"
        "    chat.place_order(ada, 'A paid bed')\n",
    )
    assert failed.returncode == 0, failed.stderr
    ben.open("A paid bed")
    expect(ben.messages).to_have_count(1)
    expect(ben.page.get_by_role("button", name="A declined bed")).to_have_count(0)
