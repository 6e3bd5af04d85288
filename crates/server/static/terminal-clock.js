// A worker that says when a second is over: pages in the background may count only once a minute, and a
// terminal that forgets its heartbeat is offline.
setInterval(() => postMessage(0), 1000);
