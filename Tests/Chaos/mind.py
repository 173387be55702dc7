"""A mind that is slow, counts who is asked, and asks for a command now and then."""
import asyncio
import collections
import json
import re
import time


class Mind:
    """Speaks OpenAI's protocol on a port of its own."""

    def __init__(self, rng, slow):
        # `power` 2: most answers come soon, some only after `slow` seconds; 1: evenly spread.
        # `commands`: how many commands an answer holds, one of these.
        self.rng, self.slow, self.power, self.commands = rng, slow, 2, (0, 0, 0, 1, 1, 2)
        self.calls, self.server, self.port = collections.defaultdict(list), None, None

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    def asked(self, request_id):
        """The calls about a request, without those that repair an answer."""
        return [c for c in self.calls.get(request_id[:8], []) if not c["repair"]]

    async def _serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length:\s*(\d+)", head, re.I)
                if not length:
                    # The probe of a mind's health: any answer will do.
                    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                    continue
                body = json.loads(await reader.readexactly(int(length[1])))
                question = body["messages"][-1]["content"]
                call = {"at": time.time(), "end": None, "repair": "Your last answer was refused" in question}
                self.calls[re.search(r"<data-([0-9a-f]{8})>", question)[1]].append(call)
                await asyncio.sleep(self.rng.random() ** self.power * self.slow)
                text = json.dumps({"model": "fake", "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self._answer(body)}}],
                    "usage": {"prompt_tokens": 100, "completion_tokens": 20}}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n" % len(text) + text)
                await writer.drain()
                call["end"] = time.time()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _answer(self, body):
        answer = {"reason": "chaos", "action": "observe", "confidence": 0.9, "unsure": False}
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
        if "commands" in schema.get("properties", {}):
            turn = lambda: {"target": "motor", "command": "turn", "payload": {"angle": self.rng.randint(-90, 90)}}
            answer["commands"] = [turn() for _ in range(self.rng.choice(self.commands))]
        return json.dumps(answer)
