import type { Chat, Message } from '@backchannel/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { giveDeletions, holdDeletion, resumeDeletions, undoDeletion } from '../../src/app/heldDeletions.ts';

const ANN = 1;
const KEY = `backchannel.deletions.${ANN}`;
const message = { id: 'a', room_id: 7 } as Message;

/** A chat that takes deletions. */
function taking() {
  const deleteMessage = vi.fn(async () => undefined);
  return { deleteMessage, chat: { deleteMessage } as unknown as Chat };
}

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a held deletion', () => {
  it('is given once its time is over, and kept until then', async () => {
    const { chat, deleteMessage } = taking();
    holdDeletion(chat, ANN, message);
    await vi.advanceTimersByTimeAsync(5_900);
    expect(deleteMessage).not.toHaveBeenCalled();
    expect(localStorage.getItem(KEY)).not.toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    expect(deleteMessage).toHaveBeenCalledExactlyOnceWith({ id: 'a', room_id: 7 });
    expect(localStorage.getItem(KEY)).toBeNull();
  });

  it('is not given when it was undone', async () => {
    const { chat, deleteMessage } = taking();
    holdDeletion(chat, ANN, message);
    undoDeletion(ANN, 'a');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(deleteMessage).not.toHaveBeenCalled();
    expect(localStorage.getItem(KEY)).toBeNull();
  });

  it('is given by the next start of the app when its tab was closed', async () => {
    const { chat, deleteMessage } = taking();
    const stop = resumeDeletions(chat, ANN);
    holdDeletion(chat, ANN, message);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(deleteMessage).not.toHaveBeenCalled();
    resumeDeletions(chat, ANN);
    await vi.advanceTimersByTimeAsync(0);
    expect(deleteMessage).toHaveBeenCalledOnce();
  });

  it('is not given by another tab after it was undone in its own', async () => {
    const { chat, deleteMessage } = taking();
    localStorage.setItem(KEY, JSON.stringify({ a: { roomId: 7, due: Date.now() + 6_000 } }));
    resumeDeletions(chat, ANN);
    // What the other tab leaves.
    localStorage.removeItem(KEY);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(deleteMessage).not.toHaveBeenCalled();
  });

  it('is given before signing out, and waits no longer for an answer than a moment', async () => {
    const { chat, deleteMessage } = taking();
    deleteMessage.mockReturnValue(new Promise(() => undefined));
    holdDeletion(chat, ANN, message);
    const given = giveDeletions(chat, ANN);
    expect(deleteMessage).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(2_000);
    await given;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(deleteMessage).toHaveBeenCalledOnce();
  });

  it('is a deletion at once where the device keeps nothing', () => {
    const { chat, deleteMessage } = taking();
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('full');
    });
    holdDeletion(chat, ANN, message);
    expect(deleteMessage).toHaveBeenCalledOnce();
  });
});
