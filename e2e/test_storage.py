"""The device cannot store: the app warns, and nothing is lost as long as the tab lives."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.support.conversation import Conversation
from e2e.support.person import Person

REFUSE = "IDBFactory.prototype.open = () => { throw new DOMException('refused', 'SecurityError'); }"
NEVER_ANSWER = "IDBFactory.prototype.open = () => new EventTarget()"
# As with all site data blocked: reading these properties throws.
NO_ACCESS = """
    const refuse = () => { throw new DOMException('denied', 'SecurityError'); };
    for (const name of ['indexedDB', 'localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: refuse });
    window.BroadcastChannel = class { constructor() { refuse(); } };
"""
WIPE = """() => new Promise((resolve) => {
    const wiping = indexedDB.deleteDatabase(`backchannel ${location.origin}`);
    wiping.onsuccess = wiping.onerror = resolve;
})"""


def no_quota(person: Person) -> None:
    session = person.context.new_cdp_session(person.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": person.proxy.url, "quotaSize": 1})


@pytest.mark.parametrize("how", ["refused", "no answer", "no access", "full"])
def test_without_storage_it_warns_and_keeps_the_text(ada: Person, ben: Person, talk: Conversation, how: str) -> None:
    if how == "full":
        no_quota(ada)
    else:
        ada.page.add_init_script({"refused": REFUSE, "no answer": NEVER_ANSWER, "no access": NO_ACCESS}[how])
        ada.page.reload()
        expect(ada.composer).to_be_visible()
        ada.expect_connected()
    ada.lose_network()
    talk.say(ada, "kept in this tab")
    ada.sees_waiting("kept in this tab")
    expect(ada.page.get_by_role("alert")).to_contain_text("lost when you close the tab")
    ben.sees()
    ada.proxy.heal()
    talk.check()
    expect(ada.page.get_by_role("alert")).to_have_count(0)
    talk.turn("well again")


def test_wiped_storage_loses_no_message(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.lose_network()
    talk.say(ada, "before")
    ada.sees_waiting("before")
    ada.page.evaluate(WIPE)
    talk.say(ada, "after")
    ada.sees_waiting("before", "after")
    ada.proxy.heal()
    talk.check()
