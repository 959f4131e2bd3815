#!/usr/bin/env python3
"""A Sluice peer in Python, written from docs/wire.md alone: both roles, the codec json, TCP, without sessions.

It serves the kit's test service, and is told what to do by lines of JSON on its standard input (docs/conformance-kit.md):

    npx -p @sluice/protocol sluice-conformance -- python3 reference_peer.py

With --fault NAME it gets something wrong on purpose; the kit's own tests prove that each is found.
"""
import asyncio, json, os, struct, sys

(HELLO, WELCOME, OPEN, ACCEPT, DATA, CREDIT, END, RESULT, ERROR, CANCEL, DONE, PING, DRAIN, CLOSE) = range(1, 15)
MORE, RAW, HEAD = 0x20, 0x40, 0x80
FLAGS = {OPEN: MORE | RAW, DATA: MORE | RAW | HEAD, RESULT: MORE | RAW | HEAD, ERROR: RAW | HEAD, CANCEL: MORE, DONE: MORE, PING: MORE}
LIMITS = {"maxMessage": 4194304, "maxMetadata": 8192, "maxName": 255, "maxCalls": 1024,
          "maxConcurrentHandlers": 256, "maxDeadline": 86400000}
CODES = """CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED
FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED DECODE_ERROR NO_STOCK""".split()
WINDOW, FLOOR, FAR, ABSENT = 65536, 2048, 16 * 1024 * 1024, object()
EPOCH = os.urandom(8)
FAULT = sys.argv[sys.argv.index("--fault") + 1] if "--fault" in sys.argv else None


class Failure(Exception):
    """A call's end that is no result; `link`: what ends the link."""
    def __init__(self, code, message="", processed="maybe", data=ABSENT, link=False):
        super().__init__(message)
        self.code, self.processed, self.data, self.link = code, processed, data, link


def broken(message, code="PROTOCOL_ERROR"):
    return Failure(code, message, link=True)


def encode(value):
    if value is ABSENT:
        return b"null" if FAULT == "null-for-absent" else b""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decode(payload, raw=False):
    if raw:
        return payload
    try:
        return ABSENT if payload == b"" else json.loads(payload.decode())
    except ValueError:
        if FAULT == "any-json":
            return None
        raise Failure("DECODE_ERROR", "The payload is no JSON")


def u48(n):
    return struct.pack(">HI", n >> 32, n & 0xFFFFFFFF)


def read48(body, at=0):
    if len(body) < at + 6:
        raise broken("A body ends too early")
    return int.from_bytes(body[at:at + 6], "big")


def read_json(body):
    try:
        value = json.loads(body.decode())
    except ValueError:
        raise broken("No JSON")
    if not isinstance(value, dict):
        raise broken("No object")
    return value


class Call:
    """One call at either end: what is sent by its limit, what comes by ours."""
    def __init__(self, link, number, mine, limit, received=0, allowed=0):
        self.link, self.id, self.mine = link, number, mine
        self.sent, self.limit = 0, limit                      # our direction
        self.received, self.allowed, self.taken = received, allowed, received  # theirs
        self.pieces, self.total, self.theirs_over, self.over = [], None, False, False
        self.items, self.credit, self.signal = asyncio.Queue(), asyncio.Event(), asyncio.Event()
        self.end, self.reason, self.task = asyncio.get_running_loop().create_future(), None, None

    async def send(self, value, kind=DATA):
        """A message whole or in pieces, as the limit allows (§3); waits for credit."""
        payload, at, first = encode(value), 0, True
        while first or at < len(payload):
            own, slack = (64 if first else 0), (self.link.peer_floor if kind == RESULT else 0)
            left, room = len(payload) - at, self.limit + slack - self.sent - (64 if first else 0)
            size = min(left, 65536, room)
            if FAULT == "over-send":
                size = min(left, 65536)
            if size < 0 or (size < left and size + own < 1024):
                self.credit.clear()
                await self.credit.wait()
                continue
            more = size < left
            flags = (MORE if more else 0) | (HEAD if more and first else 0)
            total = struct.pack(">I", len(payload)) if more and first else b""
            offset = self.sent + (1 if FAULT == "wrong-offset" and self.sent > 0 else 0)
            self.link.frame(kind, flags, self.id, u48(offset) + total + payload[at:at + size])
            self.sent, at, first = self.sent + own + size, at + size, False

    def take_data(self, flags, body, is_result=False):
        """A DATA or a RESULT; gives its message once it is whole."""
        offset, at, total = read48(body), 6, None
        if flags & HEAD:
            total, at = int.from_bytes(body[6:10], "big"), 10
        payload, first = body[at:], not self.pieces
        if self.theirs_over and not is_result and FAULT != "any-order":
            raise broken("Data behind the end")
        if offset != self.received and FAULT != "any-offset":
            raise broken("A gap")
        if first and flags & MORE and total is None:
            raise broken("A first piece without its total")
        self.received += len(payload) + (64 if first else 0)
        if not is_result and self.received > self.allowed and FAULT != "no-limit":
            raise broken("Beyond the limit", "FLOW_CONTROL_ERROR")
        self.pieces.append((payload, total))
        if not flags & MORE or FAULT == "pieces-apart":
            payload, self.pieces = b"".join(piece for piece, _ in self.pieces), []
            return (payload, flags & RAW)
        if first:
            self.total = self.received + total - len(payload)
            self.grant(self.total)
        return None

    def grant(self, limit):
        if FAULT != "no-credit" and limit > self.allowed and not self.theirs_over:
            self.allowed = limit
            self.link.frame(CREDIT, 0, self.id, u48(self.received) + u48(limit))

    async def take(self):
        """The next item that came, ABSENT behind the last; reading it grants more."""
        got = await self.items.get()
        if got is None:
            return None
        payload, raw = got
        self.taken += 64 + len(payload)
        if self.taken + WINDOW - self.allowed >= WINDOW // 2:
            self.grant(self.taken + WINDOW)
        return (decode(payload, raw),)

    def take_credit(self, received, limit):
        if received > self.sent and FAULT != "any-credit":
            raise broken("More received than was sent")
        if limit > received + FAR and FAULT != "any-credit":
            raise broken("A limit too far", "FLOW_CONTROL_ERROR")
        self.limit = limit if FAULT == "lower-limits" else max(self.limit, limit)
        self.credit.set()


class Link:
    def __init__(self, peer, reader, writer, accepts):
        self.peer, self.reader, self.writer, self.accepts = peer, reader, writer, accepts
        self.calls, self.highest, self.next_id, self.number = {}, {0: 0, 1: 0}, (2 if accepts else 1), 0
        self.peer_floor, self.drained, self.closed, self.why = 1024, False, False, None
        self.welcomed = asyncio.get_running_loop().create_future()
        peer.links.add(self)

    def frame(self, kind, flags, call, body=b""):
        if not self.closed:
            self.writer.write(struct.pack(">IBI", 5 + len(body), kind | flags, call) + body)

    def say(self, kind, value, call=0):
        self.frame(kind, 0, call, json.dumps(value).encode())

    def about(self):
        limits = {} if FAULT == "bare-greeting" else {"limits": LIMITS}
        return {"peer": "reference", "epoch": EPOCH.hex(), "window": WINDOW, "floor": FLOOR, **limits}

    async def run(self):
        try:
            if not self.accepts:
                self.say(HELLO, {"versions": [1], "codecs": ["json"], **self.about()})
                if FAULT == "hasty":
                    self.frame(PING, 0, 0, bytes(4))
            shaking = True
            while True:
                kind, flags, call, body = await self.read()
                if shaking:
                    shaking = not self.shake_hands(kind, body)
                else:
                    self.on_frame(kind, flags, call, body)
                    if kind == CLOSE and FAULT != "close-unheard":
                        break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Failure as failure:
            self.why = failure.code
            self.say(CLOSE, {"code": failure.code, "reason": str(failure)})
            if FAULT == "half-open":
                return await asyncio.sleep(3600)
            await self.linger()
        self.finish()

    async def linger(self):
        """Reads on without looking, so that what was said last is not lost with what nobody reads (a reset)."""
        self.closed = True
        try:
            self.writer.write_eof()
            await asyncio.wait_for(self.reader.read(), 1)
        except (OSError, asyncio.TimeoutError):
            pass

    async def read(self):
        length = int.from_bytes(await self.reader.readexactly(4), "big")
        if length < 5:
            raise broken("A length below 5")
        if length > 81920:
            raise broken("A length above 81,920", "FRAME_TOO_LARGE")
        head, call = struct.unpack(">BI", await self.reader.readexactly(5))
        kind, flags = head & 31, head & 0xE0
        if (kind == 0 or 15 <= kind < 24) and FAULT != "any-type":
            raise broken("A type that is none")
        if kind < 24 and flags & ~FLAGS.get(kind, 0):
            raise broken("A flag that is none")
        if kind in (PING, DONE, DRAIN, CLOSE, HELLO, WELCOME) and call != 0:
            raise broken("A frame of the link with a call")
        if FAULT == "whole-chunks":
            body = await self.reader.read(length - 5)
            if len(body) < length - 5:
                raise broken("A chunk is no whole frame")
            return kind, flags, call, body
        body = await self.reader.readexactly(length - 5)
        if FAULT == "one-per-write":
            self.reader._buffer.clear()
        return kind, flags, call, body

    def shake_hands(self, kind, body):
        if not self.accepts and kind == CLOSE:
            self.why = None if FAULT == "why-unheard" else read_json(body).get("code")
            raise ConnectionError
        if kind != (HELLO if self.accepts else WELCOME):
            raise broken("Not how a link begins")
        said = read_json(body)
        if self.accepts:
            if 1 not in said.get("versions", [])[:1 if FAULT == "first-version" else None]:
                raise Failure("VERSION_UNSUPPORTED", link=True)
            if "json" not in said.get("codecs", []):
                raise Failure("FAILED_PRECONDITION", link=True)
            self.say(WELCOME, {"version": 1, "codec": "json", **self.about()})
        elif said.get("version") != 1 or said.get("codec") != "json":
            raise Failure("VERSION_UNSUPPORTED", link=True)
        self.peer_epoch, self.peer_floor = bytes.fromhex(said["epoch"]), said["floor"]
        if not self.welcomed.done():
            self.welcomed.set_result(None)
        return True

    def on_frame(self, kind, flags, number, body):
        if kind >= 24:
            if FAULT == "strict-extensions":
                raise broken("An extension")
            return
        if kind in (HELLO, WELCOME):
            raise broken("A second greeting")
        if kind == PING:
            if not flags and FAULT != "no-pong":
                self.frame(PING, MORE, 0, body)
                if FAULT == "garbage-pong":
                    self.writer.write(b"HTTP/1.1 200 OK")
        elif kind == DRAIN:
            self.drained = FAULT != "drain-unheard"
        elif kind == CLOSE:
            self.why = read_json(body).get("code")
        elif kind == DONE:
            over = [int.from_bytes(body[at:at + 4], "big") for at in range(0, len(body), 4)]
            # "rest" is about calls of former links of a session: there are none.
            for call in [c for c in self.calls.values() if not c.mine and (c.id in over or flags and FAULT == "rest-ends-all")]:
                if FAULT != "done-unheard" or call.task.done():
                    self.forget(call)
        elif kind == OPEN:
            self.on_open(number, flags, body)
        else:
            call = self.calls.get(number)
            if call is None:
                if number > self.highest[number % 2] and FAULT != "any-call" or FAULT == "strict-over":
                    raise broken("A frame of a call that was never opened")
            else:
                self.on_call_frame(call, kind, flags, body)

    def on_call_frame(self, call, kind, flags, body):
        if kind == CREDIT:
            call.take_credit(read48(body), read48(body, 6))
        elif kind == DATA:
            got = call.take_data(flags, body)
            if got is not None:
                call.items.put_nowait(got)
        elif kind == END and not call.mine:
            call.theirs_over = True
            call.items.put_nowait(None)
        elif kind == CANCEL and not call.mine:
            if FAULT == ("abort-unheard" if flags else "stop-unheard"):
                return
            call.reason = "cancelled" if flags else "stop"
            call.signal.set()
            if flags:
                call.task.cancel()
        elif kind in (RESULT, ERROR) and call.mine:
            if kind == RESULT:
                got = call.take_data(flags, body, is_result=True)
                if got is None:
                    return
                self.settle(call, lambda: decode(*got))
            else:
                length = int.from_bytes(body[6:8], "big")
                said, data = read_json(body[8:8 + length]), decode(body[8 + length:])
                data = ABSENT if FAULT == "bare-error" else data
                code = said.get("code") if said.get("code") in CODES or FAULT == "any-code" else "UNKNOWN"
                self.settle(call, Failure(code, said.get("message", ""), said.get("processed", "maybe"), data))
            if FAULT != "no-done":
                self.frame(DONE, 0, 0, struct.pack(">I", call.id))
            del self.calls[call.id]

    def settle(self, call, outcome):
        call.items.put_nowait(None)
        if not call.end.done():
            call.end.set_result(outcome)

    def forget(self, call):
        self.calls.pop(call.id, None)
        if call.task is not None:
            call.task.cancel()

    def on_open(self, number, flags, body):
        if (number % 2 != (1 if self.accepts else 0) or number <= self.highest[number % 2]) and FAULT != "any-id":
            raise broken("An id that is not the next")
        self.highest[number % 2] = number
        said, origin = body[0], body[1:9]
        timeout, window = struct.unpack(">II", body[13:21])
        at = 25
        name, at = body[at + 1:at + 1 + body[at]].decode(), at + 1 + body[at]
        length = int.from_bytes(body[at:at + 2], "big")
        metadata, at = body[at + 2:at + 2 + length], at + 2 + length
        if FAULT == "no-metadata":
            metadata = b""
        if FAULT == "no-deadline":
            timeout = 0
        param, end = body[at:], 64 + len(body) - at
        call = self.calls[number] = Call(self, number, False, window, received=end, allowed=end + FLOOR)
        call.theirs_over = bool(said & 1)
        if call.theirs_over:
            call.items.put_nowait(None)
        elif FAULT != "no-credit":
            self.frame(CREDIT, 0, number, u48(end) + u48(call.allowed))
        call.task = asyncio.ensure_future(self.serve(call, name, origin, timeout, metadata, param, flags & RAW))

    async def serve(self, call, name, origin, timeout, metadata, param, raw):
        kind, value, failure = RESULT, ABSENT, None
        try:
            if origin != self.peer_epoch and FAULT != "any-origin":
                raise Failure("PERMISSION_DENIED", "Not your origin", "no")
            handler = HANDLERS.get(name)
            if handler is None:
                raise Failure("UNIMPLEMENTED", f"There is no {name}", "maybe" if FAULT == "processed" else "no")
            running = handler(call, decode(param, raw), json.loads(metadata) if metadata else {})
            value = await asyncio.wait_for(running, timeout / 1000 if timeout else None)
            await call.send(value, RESULT)
            if FAULT == "double-result":
                await call.send(value, RESULT)
            if FAULT == "late-end":
                self.frame(END, 0, call.id, u48(call.sent))
        except Failure as caught:
            failure = caught
        except asyncio.TimeoutError:
            failure = Failure("DEADLINE_EXCEEDED")
        except asyncio.CancelledError:
            failure = Failure("CANCELLED")
        except Exception:
            failure = Failure("INTERNAL", str(sys.exc_info()[1]) if FAULT == "tells-all" else "The handler failed")
        if failure is not None:
            text = json.dumps({"code": failure.code, "message": str(failure), "retryable": False,
                               "processed": failure.processed, "origin": "remote"}).encode()
            self.frame(ERROR, 0, call.id, u48(call.sent) + struct.pack(">H", len(text)) + text + (b"" if FAULT == "bare-error" else encode(failure.data)))

    def finish(self):
        self.closed = True
        self.peer.links.discard(self)
        for call in list(self.calls.values()) if FAULT != "cut-unseen" else []:
            if call.mine:
                self.settle(call, Failure("UNAVAILABLE", "The link is lost", "no" if FAULT == "processed" else "maybe"))
            self.forget(call)
        for link in self.peer.links if FAULT == "one-for-all" else []:
            for call in list(link.calls.values()):
                link.forget(call)
        if not self.welcomed.done():
            self.welcomed.set_exception(Failure(self.why or "UNAVAILABLE", "No handshake"))
            self.welcomed.exception()
        self.writer.close()

    async def call(self, command):
        """Makes a call; gives what the kit is told of it."""
        if self.drained or self.closed:
            return {"code": "UNAVAILABLE", "processed": "no"}
        number, self.next_id, self.number = self.next_id, self.next_id + (1 if FAULT == "even-ids" else 2), self.number + 1
        param, name = encode(command.get("param", ABSENT)), command["procedure"].encode()
        metadata = encode(command["metadata"]) if "metadata" in command and FAULT != "no-metadata" else b""
        items, half, timeout = command.get("items", []), command.get("kind") != "channel", command.get("timeout", 0)
        if FAULT == "no-deadline":
            timeout = 0
        call = self.calls[number] = Call(self, number, True, 64 + len(param) + self.peer_floor, allowed=WINDOW)
        self.highest[1] = number
        call.sent = 64 + len(param)
        self.frame(OPEN, 0, number, bytes([1 if half else 0]) + EPOCH + struct.pack(">IIII", self.number, timeout, WINDOW, 1048576)
                   + bytes([len(name)]) + name + struct.pack(">H", len(metadata)) + metadata + param)
        got, writing = [], asyncio.ensure_future(self.write_items(call, items, half))
        try:
            outcome = await asyncio.wait_for(self.hear(call, command, got), timeout / 1000 if timeout else None)
            return {"items": got, **({} if outcome is ABSENT else {"result": outcome})}
        except asyncio.TimeoutError:
            self.frame(CANCEL, MORE, number)
            return {"items": got, "code": "DEADLINE_EXCEEDED", "processed": "maybe"}
        except Failure as failure:
            return {"items": got, "code": failure.code, "message": str(failure), "processed": failure.processed,
                    **({} if failure.data is ABSENT else {"data": failure.data})}
        finally:
            writing.cancel()

    async def write_items(self, call, items, half):
        for item in items:
            await call.send(item)
        if not half and FAULT != "no-end":
            self.frame(END, 0, call.id, u48(call.sent))

    async def hear(self, call, command, got):
        while command.get("take") != len(got):
            item = await call.take()
            if item is None:
                break
            got += [item[0]] * (2 if FAULT == "repeats-items" else 1)
        else:
            if command.get("leave") == "abort":
                self.frame(CANCEL, 0 if FAULT == "soft-abort" else MORE, call.id)
                raise Failure("CANCELLED")
            if command.get("leave") == "stop":
                self.frame(CANCEL, MORE if FAULT == "hard-stop" else 0, call.id)
        outcome = await call.end
        if isinstance(outcome, Failure):
            raise outcome
        return outcome()


async def echo(call, param, metadata):
    if FAULT == "last-param":
        call.link.peer.last_param = param
        await asyncio.sleep(0.01)
        return call.link.peer.last_param
    return param

async def metadata_of(call, param, metadata):
    return metadata

async def fail(call, param, metadata):
    raise Failure("NO_STOCK", "Less is left", data={"left": param})

async def crash(call, param, metadata):
    raise RuntimeError("a secret")

async def wait(call, param, metadata):
    peer = call.link.peer
    try:
        await call.signal.wait()
        return "stopped"
    finally:
        peer.stopped += 1
        peer.one_stopped.set()

async def stopped(call, param, metadata):
    peer = call.link.peer
    while peer.stopped < param:
        peer.one_stopped.clear()
        await peer.one_stopped.wait()
    return peer.stopped

async def count(call, param, metadata):
    for n in range(1, param + 1):
        if FAULT == "dies-in-stream":
            os._exit(1)
        await call.send(n)
    return param

async def letters(call, param, metadata):
    for _ in range(param):
        if call.signal.is_set():
            break
        sending, stopped = asyncio.ensure_future(call.send("a" * 5000)), asyncio.ensure_future(call.signal.wait())
        try:
            await asyncio.wait([sending, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:  # over, given up, or told to end
            sending.cancel(), stopped.cancel()
            await asyncio.gather(sending, stopped, return_exceptions=True)
    return ABSENT

async def sum_up(call, param, metadata):
    total = 0
    while (item := await call.take()) is not None:
        total += item[0]
    return total

async def chat(call, param, metadata):
    heard = 0
    while (item := await call.take()) is not None:
        heard += 1
        await call.send(item[0])
    return heard

HANDLERS = {"echo": echo, "metadata": metadata_of, "fail": fail, "crash": crash, "wait": wait, "stopped": stopped,
            "count": count, "letters": letters, "sum": sum_up, "deaf": wait, "chat": chat}


class Peer:
    def __init__(self):
        self.links, self.servers, self.out = set(), [], None
        self.stopped, self.one_stopped = 0, asyncio.Event()

    async def do(self, command):
        what = command["do"]
        if what == "describe":
            return {"name": "reference peer in Python", "roles": ["acceptor", "connector"], "codecs": ["json"]}
        if what == "listen":
            server = await asyncio.start_server(lambda r, w: Link(self, r, w, True).run(), "127.0.0.1", 0)
            self.servers.append(server)
            self.stopped = 0
            return {"address": "tcp://127.0.0.1:%d" % server.sockets[0].getsockname()[1]}
        if what == "connect":
            host, port = command["address"][len("tcp://"):].rsplit(":", 1)
            self.out = Link(self, *await asyncio.open_connection(host, int(port)), False)
            self.running = asyncio.ensure_future(self.out.run())
            try:
                await self.out.welcomed
                return {"connected": True}
            except Failure as failure:
                return {"code": failure.code}
        if what == "call":
            return await self.out.call(command)
        if what == "close":
            for server in self.servers:
                server.close()
            for link in list(self.links):
                link.say(CLOSE, {"code": "UNAVAILABLE"})
                link.finish()
            self.servers = []
            return {"closed": True}
        return {"unknown": what}

    async def answer(self, line):
        command = json.loads(line)
        try:
            answer = await self.do(command)
        except Exception as caught:
            answer = {"trouble": repr(caught)}
        sys.stdout.write(json.dumps({"id": command["id"], **answer}) + "\n")
        sys.stdout.flush()


async def main():
    peer, reader = Peer(), asyncio.StreamReader(limit=2 ** 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        tasks.add(asyncio.ensure_future(peer.answer(line)))
    if FAULT == "stays":
        await asyncio.sleep(3600)


asyncio.run(main())
