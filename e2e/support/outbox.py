"""Reads the outbox in a browser's storage."""

from __future__ import annotations

from playwright.sync_api import Page

COUNT = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open(`backchannel ${location.origin}`);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const counting = opening.result.transaction('outbox').objectStore('outbox').count();
        counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
    };
})"""


def count_kept(page: Page) -> int:
    return int(page.evaluate(COUNT))
