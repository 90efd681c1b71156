"""https.py -- one HTTPS connection to nginx, kept alive, that never tries anything twice; and A2A tool calls over it.

The certificate is whatever is there (a placeholder before ACME): test_acme.py looks at that.
"""
import http.client
import json
import socket
import ssl
import uuid

TOOL_CALL = "application/vnd.jarvis.tool-call+json"


def context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


CONTEXT = context()


class Connection(http.client.HTTPConnection):
    """To 127.0.0.1, with the domain as the name."""

    def __init__(self, domain, port, timeout):
        super().__init__(domain, port, timeout=timeout)
        self.domain = domain

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = CONTEXT.wrap_socket(plain, server_hostname=self.domain)


class Client:
    def __init__(self, domain, port, timeout=30):
        self.connection = Connection(domain, port, timeout)
        self.host = domain

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.connection.close()

    def request(self, method, path, body=None, token=None, headers=None):
        """(status, headers, JSON or text)."""
        h = {"Host": self.host, **(headers or {})}
        if token:
            h["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            h.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, body, h)
        r = self.connection.getresponse()
        data = r.read().decode()
        reply = {k.lower(): v for k, v in r.getheaders()}
        if "json" in reply.get("content-type", "") and data:
            data = json.loads(data)
        return r.status, reply, data

    def tool(self, token, agent, tool, arguments):
        """The result of an agent's tool, called over A2A; raises when it gave none."""
        status, _, reply = self.request("POST", "/a2a/%s/message:send" % agent, {"message": {
            "messageId": str(uuid.uuid4()), "role": "ROLE_USER",
            "parts": [{"mediaType": TOOL_CALL, "data": {"tool": tool, "arguments": arguments}}]}}, token,
            {"A2A-Version": "1.0"})
        if status != 200:
            raise AssertionError("%s.%s: %d %s" % (agent, tool, status, str(reply)[:300]))
        for part in parts_of(reply):
            if isinstance(part.get("data"), dict) and "result" in part["data"]:
                return part["data"]["result"]
        raise AssertionError("%s.%s: no result in %s" % (agent, tool, str(reply)[:500]))


def parts_of(reply):
    for part in reply.get("message", {}).get("parts", []):
        yield part
    for artifact in reply.get("task", {}).get("artifacts", []):
        yield from artifact.get("parts", [])
