// socket.io: a room, and an event emitted to it.
import { Server } from 'socket.io';

const io = new Server({ transports: ['websocket'], perMessageDeflate: false });

io.on('connection', (socket) => {
  void socket.join('room');
  socket.on('message', (data) => io.to('room').emit('message', data));
});
io.listen(Number(process.env.PORT));
