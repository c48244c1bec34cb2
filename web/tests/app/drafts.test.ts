import { beforeEach, describe, expect, it } from 'vitest';
import { createDrafts, type Draft } from '../../src/app/drafts.ts';

const reply: Draft = { text: 'yes', replyTo: { id: 'm1', seq: 1, name: 'Bob', excerpt: 'really?' } };

describe('drafts', () => {
  beforeEach(() => localStorage.clear());

  it('survive a reload, with their reply reference', () => {
    createDrafts(1, localStorage).set(7, reply);
    expect(createDrafts(1, localStorage).get(7)).toEqual(reply);
  });

  it('belong to one user', () => {
    createDrafts(1, localStorage).set(7, reply);
    expect(createDrafts(2, localStorage).store.get()).toEqual({});
    expect(createDrafts(11, localStorage).store.get()).toEqual({});
  });

  it('leave nothing in storage when emptied', () => {
    const drafts = createDrafts(1, localStorage);
    drafts.set(7, reply);
    drafts.set(7, { text: '', replyTo: null });
    expect(drafts.store.get()).toEqual({});
    expect(localStorage).toHaveLength(0);
  });

  it('pick up what another tab wrote', () => {
    const here = createDrafts(1, localStorage);
    createDrafts(1, localStorage).set(7, reply);
    here.sync('backchannel.draft.1.7');
    expect(here.get(7)).toEqual(reply);
    here.sync('something.else');
    here.sync(null);
    expect(Object.keys(here.store.get())).toEqual(['7']);
  });

  it('of the user, and only theirs, are deleted at sign-out', () => {
    const drafts = createDrafts(1, localStorage);
    drafts.set(7, reply);
    createDrafts(2, localStorage).set(7, reply);
    drafts.clear();
    expect(createDrafts(1, localStorage).store.get()).toEqual({});
    expect(createDrafts(2, localStorage).get(7)).toEqual(reply);
  });

  it('stay in memory if storage is refused or broken', () => {
    const refuses = {
      length: 0,
      key: () => null,
      getItem: () => null,
      removeItem() {},
      setItem() {
        throw new Error('quota');
      },
    };
    const drafts = createDrafts(1, refuses);
    drafts.set(7, reply);
    expect(drafts.get(7)).toEqual(reply);
    localStorage.setItem('backchannel.draft.1.7', '{"text":');
    expect(createDrafts(1, localStorage).store.get()).toEqual({});
    createDrafts(1, null).set(7, reply);
  });
});

describe('drafts of replies', () => {
  beforeEach(() => localStorage.clear());
  const root = '0197a1b2-0000-7000-8000-000000000001';

  it('belong to their thread, and survive a reload', () => {
    const drafts = createDrafts(1, localStorage);
    drafts.setReply(7, root, reply);
    expect(drafts.store.get()).toEqual({});
    expect(createDrafts(1, localStorage).replies.get()).toEqual({ [root]: { ...reply, roomId: 7 } });
  });

  it('come from other tabs, and go at sign-out', () => {
    const here = createDrafts(1, localStorage);
    createDrafts(1, localStorage).setReply(7, root, reply);
    here.sync(`backchannel.reply.1.${root}`);
    expect(here.replies.get()[root]).toEqual({ ...reply, roomId: 7 });
    here.clear();
    expect(here.replies.get()).toEqual({});
    expect(localStorage).toHaveLength(0);
  });
});
