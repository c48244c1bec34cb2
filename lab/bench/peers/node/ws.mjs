// ws: every client receives what any client sends.
import { WebSocket, WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT), perMessageDeflate: false });

server.on('connection', (socket) => {
  socket.send('joined');
  socket.on('error', () => {});
  socket.on('message', (data) => {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false });
    }
  });
});
