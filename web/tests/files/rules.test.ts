import type { Attachment } from '@backchannel/client';
import type { UploadRecord } from '@backchannel/client/features/uploads';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/features/files/check.ts';
import { boxOf, sourcesOf } from '../../src/features/files/layout.ts';
import { messageText } from '../../src/features/files/messageText.ts';
import { fileInText, kindOf, kindText, nameParts, sizeText } from '../../src/features/files/texts.ts';
import { createUploadNews } from '../../src/features/files/uploadNews.ts';
import { percentOf, statusText } from '../../src/features/files/uploadStatus.ts';

const attachment = (more: Partial<Attachment> = {}): Attachment => ({
  id: 'f',
  name: 'a.bin',
  size: 10,
  content_type: 'application/octet-stream',
  url: '/files/f/a.bin',
  ...more,
});

const record = (more: Partial<UploadRecord> = {}): UploadRecord => ({
  id: 'f',
  userId: 1,
  roomId: 1,
  name: 'a.bin',
  size: 100,
  contentType: 'application/octet-stream',
  alt: '',
  isKept: true,
  offset: 0,
  state: 'waiting',
  error: null,
  message: null,
  ...more,
});

describe('what is refused before the first byte', () => {
  const file = (size: number) => ({ name: 'f', size });

  it('is too large, or one too many, and says what helps', () => {
    const bounds = { upload_size: 2 ** 20, upload_files: 2 };
    const { taken, refused } = checkFiles([file(2 ** 20), file(2 ** 20 + 1), file(1), file(0)], 0, bounds);
    expect(taken).toEqual([file(2 ** 20), file(1)]);
    expect(refused.map(({ problem }) => problem)).toEqual([
      '1 MB is too large: the limit is 1 MB. Send a smaller version, or a link.',
      'A message has 2 files at most. Send these first, then add more.',
    ]);
  });

  it('counts the files that are in the tray', () => {
    expect(checkFiles([file(1)], 2, { upload_files: 2 }).taken).toEqual([]);
  });

  it('is everything where the server takes no files', () => {
    expect(checkFiles([file(0)], 0, { upload_size: 0 }).refused[0]?.problem).toMatch(/takes no files/);
  });
});

describe('texts', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1_023, '1023 bytes'],
    [1_024, '1 kB'],
    [1_536, '1.5 kB'],
    [104_857_600, '100 MB'],
    [1_048_575, '1 MB'],
    [5 * 2 ** 40, '5 TB'],
  ])('the size of %d bytes is %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it.each([
    ['report.final.pdf', 'report.final', '.pdf'],
    ['README', 'README', ''],
    ['.env', '.env', ''],
    ['a. not an ending', 'a. not an ending', ''],
    ['\u202egpj.exe', 'gpj', '.exe'],
  ])('the name %j has the parts %j and %j', (name, stem, ending) => {
    expect(nameParts({ name })).toEqual([stem, ending]);
  });

  it('isolate names written from right to left', () => {
    expect(fileInText({ name: 'דוח.pdf' })).toBe('\u2068דוח.pdf\u2069');
    expect(fileInText({ name: '\u200b' })).toBe('file');
  });

  it('name kinds, and play only what the server serves in place', () => {
    expect(kindText(attachment({ content_type: 'application/pdf' }))).toBe('PDF');
    expect(kindText(attachment({ name: 'x.blend' }))).toBe('BLEND');
    expect(kindOf(attachment({ content_type: 'image/png', width: 1, height: 1 }))).toBe('picture');
    expect(kindOf(attachment({ content_type: 'image/svg+xml' }))).toBe('file');
    expect(kindOf(attachment({ content_type: 'video/quicktime' }))).toBe('file');
    expect(kindOf(attachment({ content_type: 'audio/ogg' }))).toBe('audio');
  });

  it('say what a message without text has', () => {
    const picture = attachment({ width: 1, height: 1 });
    expect(messageText({ content: ' ', attachments: [picture, picture, attachment()] })).toBe('2 pictures and a file');
    expect(messageText({ content: 'hi', attachments: [picture] })).toBe('hi');
  });
});

describe('the state of a file', () => {
  it('is a percentage that reaches 100 only with the last byte', () => {
    expect(percentOf(record({ state: 'sending', size: 1_000, offset: 999 }))).toBe(99);
    expect(percentOf(record({ size: 0 }))).toBe(0);
    expect(statusText(record({ state: 'sending', offset: 42 }), false)).toBe('42 %');
  });

  it('says that it waits for a connection, and that its tab is needed', () => {
    expect(statusText(record({ offset: 42 }), true)).toBe('Waits for a connection, 42 % sent');
    expect(statusText(record({ isKept: false }), false)).toBe('Waiting · keep this tab open');
  });
});

describe('what screen readers are to say', () => {
  it('is one sentence when everything has ended', () => {
    const news = createUploadNews();
    const [a, b] = [record({ id: 'a', name: 'a.txt' }), record({ id: 'b', name: 'b.txt' })];
    expect(news([a, b])).toBeNull();
    expect(news([{ ...a, state: 'sending', offset: 50 }, b])).toBeNull();
    expect(news([{ ...a, state: 'ready' }, b])).toBeNull();
    expect(
      news([
        { ...a, state: 'ready' },
        { ...b, state: 'ready' },
      ]),
    ).toBe('2 files are uploaded.');
    expect(
      news([
        { ...a, state: 'ready' },
        { ...b, state: 'ready' },
      ]),
    ).toBeNull();
  });

  it('names what failed and why, and leaves out what was cancelled', () => {
    const news = createUploadNews();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => record({ id, name: id })) as [
      UploadRecord,
      UploadRecord,
      UploadRecord,
    ];
    news([a, b, c]);
    const error = { code: 'infected', status: 403, detail: '' };
    expect(
      news([
        { ...a, state: 'failed', error },
        { ...b, state: 'ready' },
      ]),
    ).toBe('b is uploaded. a could not be uploaded: The server’s virus scanner refused this file.');
  });

  it('counts a file whose message has already taken it', () => {
    const news = createUploadNews();
    news([record({ state: 'checking', offset: 100 })]);
    expect(news([])).toBe('a.bin is uploaded.');
  });
});

describe('the place of a picture', () => {
  it.each([
    [
      { width: 3_000, height: 2_000 },
      { width: 360, height: 240 },
    ],
    [
      { width: 1_000, height: 2_000 },
      { width: 160, height: 320 },
    ],
    [
      { width: 16, height: 16 },
      { width: 48, height: 48 },
    ],
    [
      { width: 10_000, height: 10 },
      { width: 360, height: 48 },
    ],
  ])('of %j is %j', (size, box) => {
    expect(boxOf(size)).toEqual(box);
  });

  it('has the versions of the server for each density', () => {
    const versions = { url: '/u', thumb_url: '/t', view_url: '/v' };
    expect(sourcesOf({ ...versions, width: 3_200, height: 1_600 })).toEqual({ src: '/t', srcSet: '/t 360w, /v 1600w' });
    expect(sourcesOf({ ...versions, width: 1_600, height: 3_200 })).toEqual({ src: '/t', srcSet: '/t 180w, /v 800w' });
    expect(sourcesOf({ ...versions, width: 100, height: 100 })).toEqual({ src: '/t' });
    expect(sourcesOf({ url: '/u', width: 100, height: 100 })).toEqual({ src: '/u' });
  });
});
