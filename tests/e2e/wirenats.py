"""wirenats.py -- a NATS client and protobuf by hand, for peers that a test plays itself. Standard
library only; one thread reads, handlers run on it."""
import socket
import struct
import threading


class Nats:
    def __init__(self, port, host="127.0.0.1"):
        self.s = socket.create_connection((host, port), 10)
        self.lock, self.handlers, self.rest, self.open = threading.Lock(), {}, b"", True
        self.line()  # INFO
        self.send(b'CONNECT {"verbose":false,"headers":true,"no_responders":true,"name":"test"}\r\nPING\r\n')
        while self.line() != b"PONG":
            pass
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def send(self, data):
        with self.lock:
            self.s.sendall(data)

    def take(self, n):
        while len(self.rest) < n:
            data = self.s.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.rest += data
        data, self.rest = self.rest[:n], self.rest[n:]
        return data

    def line(self):
        while b"\r\n" not in self.rest:
            data = self.s.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.rest += data
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def read(self):
        try:
            while self.open:
                words = self.line().split()
                if words[0] == b"PING":
                    self.send(b"PONG\r\n")
                elif words[0] in (b"MSG", b"HMSG"):
                    self.message(words)
        except (OSError, ConnectionError):
            pass

    def message(self, words):
        headed = words[0] == b"HMSG"
        total = int(words[-1])
        head = int(words[-2]) if headed else 0
        reply = words[3].decode() if len(words) == (6 if headed else 5) else None
        data = self.take(total + 2)[:-2]
        headers = {}
        for line in data[:head].decode().split("\r\n")[1:]:
            if ":" in line:
                name, value = line.split(":", 1)
                headers[name] = value.strip()
        handler = self.handlers.get(words[2])
        if handler:
            handler(words[1].decode(), headers, data[head:], reply)

    def subscribe(self, subject, handler):
        sid = b"%d" % (len(self.handlers) + 1)
        self.handlers[sid] = handler
        self.send(b"SUB %s %s\r\n" % (subject.encode(), sid))
        return sid

    def unsubscribe(self, sid):
        self.handlers.pop(sid, None)
        self.send(b"UNSUB %s\r\n" % sid)

    def publish(self, subject, data=b"", **headers):
        if not headers:
            self.send(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(data), data))
            return
        head = "NATS/1.0\r\n" + "".join("%s: %s\r\n" % (k.replace("_", "-"), v) for k, v in headers.items()) + "\r\n"
        head = head.encode()
        self.send(b"HPUB %s %d %d\r\n%s%s\r\n" % (subject.encode(), len(head), len(head) + len(data), head, data))

    def close(self):
        self.open = False
        self.s.close()


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def pb(*fields):
    """pb((1, "text"), (2, 7), (3, pb(...))): text and bytes are length-delimited, int a varint."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def read_pb(data):
    """{number: last value}: ints, or bytes."""
    fields, i = {}, 0

    def number():
        nonlocal i
        n = shift = 0
        while True:
            n |= (data[i] & 127) << shift
            shift += 7
            i += 1
            if data[i - 1] < 128:
                return n

    while i < len(data):
        key = number()
        if key & 7 == 0:
            fields[key >> 3] = number()
        elif key & 7 == 2:
            n = number()
            fields[key >> 3] = data[i:i + n]
            i += n
        elif key & 7 == 1:
            fields[key >> 3] = struct.unpack("<d", data[i:i + 8])[0]
            i += 8
        else:
            raise ValueError("wire type %d" % (key & 7))
    return fields
