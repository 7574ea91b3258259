// Answers who connects, in both families where the node has them. Clients leave as soon as they are connected.
require('node:net').createServer((socket) => socket.on('error', () => socket.destroy()).end('hello\n')).listen(8080)
