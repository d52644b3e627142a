"""Socket.IO: words between server, kiosks and consoles."""
