/**
 * The promise on every screen, whatever tabs and network do: random histories of people, faults, frozen
 * and crashed tabs, words between tabs lost and doubled. Then all is well again, and every tab that is
 * left shows what the server has, once and in order; and they share one connection.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOB, Browser, type Tab } from './browser.ts';

const act = fc.record({
  do: fc.constantFrom(
    'send',
    'send',
    'send',
    'post',
    'post',
    'edit',
    'freeze',
    'thaw',
    'put aside',
    'bring back',
    'hide',
    'show',
    'crash',
    'open',
    'lose words',
    'double words',
    'refuse sockets',
    'mute sockets',
    'http down',
    'heal',
    'close sockets',
    'lose event',
  ),
  tab: fc.nat(3),
});
const history = fc.array(fc.tuple(act, fc.constantFrom(0, 5, 50, 300, 2_000, 8_000)), { minLength: 5, maxLength: 40 });

/** A few seconds' worth; raise it to look for the rare. */
const RUNS = 40;

async function open(browser: Browser): Promise<void> {
  const tab = browser.open();
  await browser.clock.advance(300);
  void tab.chat.openRoom(1);
}

describe('with random faults of tabs and network', () => {
  it('every tab shows each message once, in order, over one connection', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (acts) => {
        const [browser] = await Browser.with(3);
        const { network, server, clock } = browser;
        let count = 0;
        const written: string[] = [];
        for (const [{ do: what, tab: index }, delay_ms] of acts) {
          const here = browser.tabs.filter((tab) => !tab.isGone);
          const tab = here[index % here.length] as Tab;
          switch (what) {
            case 'send':
              tab.gate(() => {
                written.push(`ann ${++count}`);
                void tab.chat.sendChatMessage(1, `ann ${count}`);
              });
              break;
            case 'post':
              server.post(1, BOB, `bob ${++count}`);
              break;
            case 'edit': {
              const target = [...(server.rooms.get(1)?.messages.values() ?? [])].find((m) => m.sender.id === BOB);
              if (target) server.run(BOB, 'edit_message', { message_id: target.id, content: `edited ${++count}` });
              break;
            }
            case 'freeze':
              tab.freeze();
              break;
            case 'thaw':
              tab.thaw();
              break;
            case 'put aside':
              tab.putAside();
              break;
            case 'bring back':
              tab.bringBack();
              break;
            case 'hide':
            case 'show':
              tab.show(what === 'show');
              break;
            case 'crash':
              // Another tab must be left; and what is typed must be stored first.
              await clock.advance(5);
              if (here.length > 1) tab.crash();
              break;
            case 'open':
              if (here.length < 5) await open(browser);
              break;
            case 'lose words':
              browser.copies = () => (count++ % 3 === 0 ? 0 : 1);
              break;
            case 'double words':
              browser.copies = () => 2;
              break;
            case 'refuse sockets':
              network.sockets = 'refused';
              network.closeAll(1006);
              break;
            case 'mute sockets':
              network.sockets = 'mute';
              break;
            case 'http down':
              network.http = 'down';
              break;
            case 'heal':
              Object.assign(network, { sockets: 'none', http: 'none' });
              browser.copies = () => 1;
              break;
            case 'close sockets':
              network.closeAll(1012);
              break;
            case 'lose event':
              server.deafNext = 1;
          }
          await clock.advance(delay_ms);
        }
        Object.assign(network, { sockets: 'none', http: 'none' });
        browser.copies = () => 1;
        server.deafNext = 0;
        const left = browser.tabs.filter((tab) => !tab.isGone);
        for (const tab of left) {
          tab.thaw();
          tab.show(true);
          tab.bringBack();
          tab.chat.retryNow();
        }
        await clock.advance(60_000);
        // Who was shown an error opens the room again.
        for (const tab of left) void tab.chat.openRoom(1);
        await clock.advance(130_000);

        const stored = [...(server.rooms.get(1)?.messages.values() ?? [])];
        for (const tab of left) {
          expect(tab.status).toBe('connected');
          expect(tab.chat.getTimeline(1).messages).toEqual(stored);
          expect(tab.chat.getTimeline(1).pending).toEqual([]);
          expect(tab.chat.getSnapshot().rooms).toEqual(server.list(1).rooms);
        }
        const mine = stored.map((m) => m.content).filter((text) => text.startsWith('ann'));
        expect(mine.toSorted()).toEqual(written.toSorted());
        expect(browser.leaders).toHaveLength(1);
        expect(network.open.size).toBe(1);
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});
