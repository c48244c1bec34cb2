import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { nextActive, useListbox } from '../../src/ui/useListbox.ts';

describe('the active option', () => {
  it('wraps around at both ends', () => {
    expect(nextActive('ArrowDown', 2, 3)).toBe(0);
    expect(nextActive('ArrowUp', 0, 3)).toBe(2);
    expect(nextActive('ArrowUp', -1, 3)).toBe(2);
    expect(nextActive('PageDown', 0, 3)).toBe(2);
  });

  it('ignores other keys and empty lists', () => {
    expect(nextActive('a', 0, 3)).toBeNull();
    expect(nextActive('ArrowDown', 0, 0)).toBeNull();
  });
});

const FRUIT = ['apple', 'pear', 'plum'];

function Fruit({ onPick, onEscape }: { onPick: (fruit: string) => void; onEscape: () => void }) {
  const [text, setText] = useState('');
  const list = useListbox({ items: FRUIT, onPick, onEscape, tabPicks: true });
  return (
    <>
      <input
        {...list.inputProps}
        aria-label="Fruit"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={list.onKeyDown}
      />
      <ul {...list.listProps}>
        {FRUIT.map((fruit, index) => (
          <li key={fruit} {...list.optionProps(index)}>
            {fruit}
          </li>
        ))}
      </ul>
    </>
  );
}

describe('a field that controls a list', () => {
  async function open() {
    const onPick = vi.fn<(fruit: string) => void>();
    const onEscape = vi.fn<() => void>();
    const screen = await render(<Fruit onPick={onPick} onEscape={onEscape} />);
    const field = screen.getByRole('combobox');
    await field.click();
    return { onPick, onEscape, screen, field };
  }

  it('names the active option for screen readers, and keeps the focus', async () => {
    const { screen, field } = await open();
    await userEvent.keyboard('{ArrowDown}');
    const pear = screen.getByRole('option', { name: 'pear' });
    await expect.element(pear).toHaveAttribute('aria-selected', 'true');
    await expect.element(field).toHaveAttribute('aria-activedescendant', pear.element().id);
    await expect.element(field).toHaveFocus();
  });

  it('picks by Enter, by Tab and by pointer', async () => {
    const { onPick, screen } = await open();
    await userEvent.keyboard('{ArrowUp}{Enter}');
    await userEvent.keyboard('{Tab}');
    await screen.getByText('apple').click();
    expect(onPick.mock.calls.flat()).toEqual(['plum', 'plum', 'apple']);
  });

  it('ignores Enter while an input method is composing', async () => {
    const { onPick, field } = await open();
    const enter = { key: 'Enter', bubbles: true, cancelable: true };
    field.element().dispatchEvent(new KeyboardEvent('keydown', { ...enter, isComposing: true }));
    field.element().dispatchEvent(new KeyboardEvent('keydown', { ...enter, keyCode: 229 }));
    expect(onPick).not.toHaveBeenCalled();
  });

  it('calls onEscape', async () => {
    const { onEscape } = await open();
    await userEvent.keyboard('{Escape}');
    expect(onEscape).toHaveBeenCalledOnce();
  });
});
