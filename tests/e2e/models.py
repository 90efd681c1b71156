"""models.py -- language models for tests: one HTTP server that speaks the wire formats of Gemini, of OpenAI and those
compatible with it, and of Anthropic, refuses what those refuse, and says what a script tells it.

    def brain(request):
        return {"text": "Hello."}

    with Models(brain) as m:
        ... m.url("gemini") ... m.keys["gemini"] ... m.requests ...

brain(request) -> answer. The request is the same for all formats: {provider, model, system, turns, tools, stream,
json_schema, max_tokens, number}; turns [{role: user|assistant, text, calls [{name, arguments}], results [{name, result}]}],
tools {name: {description, schema}}. The answer: {text, pieces (how the text streams), calls [{name, arguments}; arguments
as text: as they are}], finish (stop, tool_calls, length, blocked), usage (input, output tokens), fault}; all optional.
A fault is what goes wrong:

    status, retry_after, text   an error instead of the answer; retry_after: seconds, or a date as text
    hold        an event: the first byte waits for it (or for the end of the server, or 60 s)
    pause       (n, event): after n pieces the stream waits for it
    pace        seconds between two pieces
    cut         bytes of the body after which the connection is closed
    reset       bytes after which it is reset; 0: before anything is said
    malformed   after so many events one that is no JSON
    error_event after so many events the stream says that it failed, and ends
    no_end      the stream ends well, but without the provider's end mark
    endless     the last piece of text comes again and again, until nobody listens
    dribble     bytes that are sent at once
    body        bytes instead of the answer's, with status 200

What a provider would refuse gets that refusal, and is kept in `refused`: a test that expects none looks there.
"""
import http.server
import json
import socket
import struct
import threading
import time

import model_anthropic
import model_gemini
import model_openai

FORMATS = {"gemini": model_gemini, "openai": model_openai, "anthropic": model_anthropic}
BASE = {"gemini": "/v1beta", "openai": "/v1", "anthropic": "/v1"}
DIMENSIONS = 8
WAIT = 60.0  # seconds that a held answer waits at most


def tokens(text):
    return len(text.encode()) // 4 + 1


def filled(answer, request_size):
    """An answer with all its members."""
    answer = {"text": "", "calls": [], "fault": {}, **(answer or {})}
    if not answer["text"]:
        answer["text"] = "".join(answer.get("pieces") or [])
    answer.setdefault("finish", "tool_calls" if answer["calls"] else "stop")
    answer.setdefault("usage", (tokens("x" * request_size), tokens(answer["text"] + json.dumps(answer["calls"]))))
    return answer


class Gone(Exception):
    """The client has gone, or the script ends the connection here."""


class Record(dict):
    """A request as it came, neutral; with `status`, `body` and `headers` as they were, `sent` bytes and how it `ended`:
    well, cut, hung_up."""


class Models:
    def __init__(self, brain, keys=None):
        self.brain, self.embed_brain = brain, None
        self.keys = keys or {name: "key-of-%s-0123456789" % name for name in FORMATS}
        self.requests, self.refused, self.changed = [], [], threading.Condition()
        self.number, self.closing, self.server = 0, threading.Event(), None
        self.port, self.connections = 0, set()
        self.open()

    def open(self):
        """Also again, on the same port, after close()."""
        self.closing.clear()
        models = self

        class Handler(Connection):
            owner = models

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 64

            def handle_error(self, request, client_address):
                pass  # clients that go away are what many tests are about

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Nobody listens any more: connections are refused."""
        if self.server:
            self.closing.set()
            self.server.shutdown()
            self.server.server_close()
            self.server = None
            for c in list(self.connections):  # kept alive, nobody speaks on them
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def url(self, provider):
        return "http://127.0.0.1:%d%s" % (self.port, BASE[provider])

    def wait(self, true, seconds=30):
        """Until true() of what has come; whoever waits is woken by each request and each end of one."""
        with self.changed:
            assert self.changed.wait_for(true, seconds), [(r["provider"], r["ended"]) for r in self.requests]

    def wait_for(self, n, seconds=30):
        self.wait(lambda: len(self.requests) >= n, seconds)
        return self.requests[n - 1]

    def forget(self):
        """What has come so far."""
        with self.changed:
            had, self.requests = self.requests, []
            return had

    def note(self, record):
        with self.changed:
            self.requests.append(record)
            self.changed.notify_all()

    def end(self, record, how, sent):
        with self.changed:
            record["ended"], record["sent"] = how, sent
            self.changed.notify_all()

    def next_number(self):
        with self.changed:
            self.number += 1
            return self.number


class Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner, sent = None, 0
    # so that a small piece is not held back by the one before
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.owner.connections.add(self.connection)

    def finish(self):
        self.owner.connections.discard(self.connection)
        super().finish()

    def log_message(self, *args):
        pass

    # ---- requests

    def do_GET(self):
        self.plain(404, {"error": {"message": "nothing here: " + self.path}})

    def do_POST(self):
        self.sent, record = 0, None
        try:
            record = self.received()
            if record:
                self.say(record, self.thought(record))
                self.owner.end(record, "well", self.sent)
        except Gone as e:
            self.close_connection = True
            self.owner.end(record, str(e), self.sent)
        except OSError:
            if record:
                self.owner.end(record, "hung_up", self.sent)
            self.close_connection = True
        except Exception as e:  # pylint: disable=broad-except -- a script that breaks is told by the test, not by a log
            self.owner.refused.append(("script", 500, "%s: %s" % (type(e).__name__, e)))
            self.close_connection = True

    def received(self):
        """The request as a record; None: it was refused."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for name, format_ in FORMATS.items():
            found = format_.route(self.path)
            if found:
                return self.checked(name, format_, found, raw)
        return self.refuse("", 404, "there is no such method: " + self.path.partition("?")[0])

    def checked(self, name, format_, found, raw):
        headers = {k.lower(): v for k, v in self.headers.items()}
        wrong = format_.key_error(headers, self.owner.keys[name])
        if wrong:
            return self.refuse(name, *wrong)
        try:
            body = json.loads(raw, parse_constant=lambda _: 1 / 0)
        except (ValueError, ZeroDivisionError):
            return self.refuse(name, 400, "We could not parse the JSON body of your request.")
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return self.refuse(name, 400, "content-type: must be application/json")
        what = found[1]
        stream = what == "stream" or (what == "chat" and isinstance(body, dict) and body.get("stream") is True)
        model = found[0] or (body.get("model") if isinstance(body, dict) else None)
        problems = self.problems(format_, what, body, model, stream)
        if problems:
            return self.refuse(name, 400, problems[0], problems)
        record = Record(provider=name, model=model, stream=stream, number=self.owner.next_number(), body=body, headers=headers,
                        ended="", sent=0, embed=what == "embed", raw=raw, at=time.monotonic())
        if what != "embed":
            record.update(format_.neutral(body))
        self.owner.note(record)
        return record

    @staticmethod
    def problems(format_, what, body, model, stream):
        if what == "embed":
            return list(format_.check_embed(body, model))
        try:
            return list(format_.check(body, model, stream)) or list(format_.check_turns(body, model))
        except (AttributeError, TypeError, KeyError) as e:  # so wrong that the check itself stumbles
            return ["the request makes no sense: %s %s" % (type(e).__name__, e)]

    def refuse(self, provider, status, text, all_of_it=None):
        self.owner.refused.append((provider, status, all_of_it or text))
        format_ = FORMATS.get(provider, model_openai)
        self.plain(status, format_.error(status, text))

    def plain(self, status, value, headers=()):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    # ---- answers

    def thought(self, record):
        if record["embed"]:
            return filled({}, len(record["raw"]))
        return filled(self.owner.brain(record), len(record["raw"]))

    def say(self, record, answer):
        format_, fault = FORMATS[record["provider"]], answer["fault"]
        if "hold" in fault:
            self.hold(fault["hold"])
        if fault.get("reset") == 0:
            self.reset()
        if "status" in fault:
            self.say_error(format_, fault)
        elif "body" in fault:
            self.plain(200, fault["body"])
        elif record["embed"]:
            self.say_vectors(format_, record)
        elif record["stream"]:
            self.say_stream(format_, record, answer)
        else:
            self.say_whole(format_.whole(answer, record["model"], record["number"], record["body"]), fault)

    def hold(self, event):
        """Until it is set; the end of the server counts as one, and so does the client's."""
        end = time.monotonic() + WAIT
        while not event.wait(0.02) and time.monotonic() < end:
            if self.owner.closing.is_set() or self.gone():
                raise Gone("hung_up")

    def gone(self):
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.setblocking(True)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise Gone("reset")

    def say_error(self, format_, fault):
        headers = [("Retry-After", str(fault["retry_after"]))] if "retry_after" in fault else []
        text = fault.get("text", "scripted to fail")
        self.plain(fault["status"], format_.error(fault["status"], text), headers)

    def say_vectors(self, format_, record):
        texts = format_.embed_texts(record["body"])
        vectors = [(self.owner.embed_brain or vector)(t) for t in texts]
        self.plain(200, format_.embedded(vectors, record["model"], sum(map(tokens, texts))))

    def say_whole(self, value, fault):
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if "malformed" in fault:
            data = b"{" * len(data)
        self.put(data, fault)

    def say_stream(self, format_, record, answer):
        fault, told = answer["fault"], format_.events(answer, record["model"], record["number"], record["body"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if fault.get("no_end"):
            told = told[:-1]
        for i, event in enumerate(self.endless(told, answer) if fault.get("endless") else told):
            if fault.get("malformed") == i:
                self.chunk(format_.malformed_event(), fault)
            if fault.get("error_event") == i:
                self.chunk(format_.error_event(529 if record["provider"] == "anthropic" else 503, "scripted to fail"), fault)
                break
            self.between(i, fault)
            self.chunk(event, fault)
        self.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def endless(told, answer):
        """The last piece of text again and again."""
        text = (answer.get("pieces") or [answer["text"] or "x"])[-1].strip().encode()
        at = max((i for i, event in enumerate(told) if text in event), default=0)
        yield from told[:at]
        while True:
            yield told[at]

    def between(self, i, fault):
        if "pause" in fault and fault["pause"][0] == i:
            self.hold(fault["pause"][1])
        if "pace" in fault and i and (self.owner.closing.wait(fault["pace"]) or self.gone()):
            raise Gone("hung_up")

    def chunk(self, data, fault):
        """One piece of the chunked body, in the sizes that the script wants."""
        size = fault.get("dribble", len(data))
        for i in range(0, len(data), size):
            part = data[i:i + size][:self.left(fault)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.count(len(part), fault)

    def put(self, data, fault):
        left = self.left(fault)
        self.wfile.write(data[:left])
        self.count(min(len(data), left), fault)

    def left(self, fault):
        """Bytes until the script ends the connection."""
        return min([fault[k] - self.sent for k in ("cut", "reset") if k in fault], default=1 << 40)

    def count(self, n, fault):
        self.sent += n
        if self.left(fault) <= 0:
            self.wfile.flush()
            if "reset" in fault:
                self.reset()
            self.close_connection = True
            raise Gone("cut")
        if self.owner.closing.is_set():
            raise Gone("cut")


def vector(text):
    """The same for the same text, of length one: how often some letters are in it."""
    counts = [1 + sum(1 for c in text.lower() if ord(c) % DIMENSIONS == i) for i in range(DIMENSIONS)]
    length = sum(c * c for c in counts) ** 0.5
    return [c / length for c in counts]
