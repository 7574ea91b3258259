// Answers who connects, in both families where the node has them.
require('node:net').createServer((socket) => socket.end('hello\n')).listen(8080)
