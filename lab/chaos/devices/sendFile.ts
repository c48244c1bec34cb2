/**
 * Sends one file in a message by the real client, whatever happens to its connections, and prints that message.
 *
 *     node sendFile.mjs '{"baseUrl": …, "token": …, "roomId": 1, "size": 1000}'
 *
 * Byte n of the file is (31 n) % 251.
 */
import { createChat } from '@backchannel/client';
import { bearer } from '@backchannel/client/auth';
import { withUploads } from '@backchannel/client/features/uploads';

interface Given {
  readonly baseUrl: string;
  readonly token: string;
  readonly roomId: number;
  readonly size: number;
}

const { baseUrl, token, roomId, size } = JSON.parse(process.argv[2] ?? '') as Given;
const bytes = Uint8Array.from({ length: size }, (_, n) => (n * 31) % 251);
const chat = createChat(
  {
    baseUrl,
    credentials: bearer(token),
    client: { name: 'sender', version: '1' },
    fetch,
    WebSocket,
  },
  withUploads(),
);
chat.connect();
await chat.openRoom(roomId);
const id = await chat.addFile(roomId, {
  name: 'a.bin',
  type: '',
  size,
  slice: (start, end) => ({ arrayBuffer: () => Promise.resolve(bytes.slice(start, end).buffer) }),
});
const { message } = await chat.sendFiles(roomId, 'A file.', [id]);
process.stdout.write(`${JSON.stringify(message)}\n`);
process.exit(0);
