// What the limits do over any framing: requests, streams, channels and subscriptions, without validation, credit or sessions.
//
// A framing (raw.mjs, raw-ws.mjs) gives `frames(socket, onText, onBytes)`, whose result can:
//   send(kind, id, text)      a frame of JSON, written at the end of the turn with all others
//   sendBytes(bytes)          a frame of bytes, of which a socket has one stream at a time in each direction
//   sendShared(shared)        frames that `share(texts)` has made, the same for many sockets
//   pause(count)              after each item: a promise if it is time to wait, for the socket or for another turn
//   setReading(isReading)     whether the socket is read
import { checkChunk, chunkAt, counters, TickCheck, tick } from "../values.mjs";

/** What the first byte of a frame says. */
export const kinds = {
  result: 1,
  item: 2,
  shared: 3,
  echo: 4,
  ticks: 5,
  pour: 6,
  ping: 7,
  download: 8,
  upload: 9,
  uploadEnd: 10,
  watch: 11,
  subscribe: 12,
  subscribers: 13,
  publish: 14,
};

/** Items of one write to each subscriber. */
const publishTogether = 256;

const echo = async (value) => value;

/** Resolves when there is room again in `socket`, or when it has closed. */
export function drained(socket) {
  return new Promise((resolve) => {
    const settle = () => {
      socket.off("drain", settle);
      socket.off("close", settle);
      resolve();
    };
    socket.on("drain", settle);
    socket.on("close", settle);
  });
}

/** The answers of a server, all of whose sockets share its subscribers. `share(texts)` is the framing's. */
export class RawServer {
  #subscribers = new Set();
  #share;

  constructor(share) {
    this.#share = share;
  }

  /** @param link the framing of one socket, made by `open(onText, onBytes)`; returns what to do when the socket has closed */
  accept(open) {
    let uploaded = 0;
    let isOpen = true;
    const link = open(
      (kind, id, text) => {
        switch (kind) {
          case kinds.echo:
            return void answer(id, text);
          case kinds.ping:
            return link.send(kinds.item, id, JSON.stringify(JSON.parse(text)));
          case kinds.ticks:
            return void stream(id, JSON.parse(text));
          case kinds.pour:
            return void stream(id, Number.POSITIVE_INFINITY);
          case kinds.watch:
            return link.send(kinds.item, id, JSON.stringify(tick(0)));
          case kinds.download:
            return void download(id, JSON.parse(text));
          case kinds.uploadEnd:
            link.send(kinds.result, id, `${uploaded}`);
            uploaded = 0;
            return;
          case kinds.subscribe:
            return this.#subscribers.add(link);
          case kinds.subscribers:
            return link.send(kinds.result, id, `${this.#subscribers.size}`);
          case kinds.publish:
            return void this.#publish(JSON.parse(text)).then(() => link.send(kinds.result, id, "null"));
        }
      },
      (bytes) => checkChunk(bytes, uploaded++),
    );
    const answer = async (id, json) =>
      link.send(kinds.result, id, JSON.stringify(await echo(JSON.parse(json))));
    const stream = async (id, count) => {
      for (let seq = 0; seq < count && isOpen; seq++) {
        link.send(kinds.item, id, JSON.stringify(tick(seq)));
        counters.produced++;
        const due = link.pause(seq);
        if (due !== undefined) await due;
      }
      if (isOpen) link.send(kinds.result, id, "null");
    };
    const download = async (id, count) => {
      for (let at = 0; at < count && isOpen; at++) {
        link.sendBytes(chunkAt(at));
        const due = link.pause(at);
        if (due !== undefined) await due;
      }
      if (isOpen) link.send(kinds.result, id, "null");
    };
    return () => {
      isOpen = false;
      this.#subscribers.delete(link);
    };
  }

  async #publish(count) {
    for (let seq = 0; seq < count; ) {
      const texts = [];
      while (texts.length < publishTogether && seq < count) texts.push(JSON.stringify(tick(seq++)));
      const shared = this.#share(texts);
      const due = [];
      for (const link of this.#subscribers) {
        link.sendShared(shared);
        due.push(link.pause(seq));
      }
      await Promise.all(due);
      await new Promise(setImmediate);
    }
  }
}

/** How many unread items stop the reading of a socket, for a consumer that is slow. */
const unreadLimit = 4096;

/** The calls of a client. */
export class RawClient {
  #link;
  #results = new Map();
  #onItem = new Map();
  #onBytes;
  #onShared;
  #lastId = 0;

  /** @param open makes the framing of the client's socket */
  constructor(open) {
    this.#link = open(
      (kind, id, text) => {
        const value = JSON.parse(text);
        if (kind === kinds.result) {
          const resolve = this.#results.get(id);
          this.#results.delete(id);
          resolve(value);
        } else if (kind === kinds.item) this.#onItem.get(id)(value);
        else this.#onShared(value);
      },
      (bytes) => this.#onBytes(bytes),
    );
  }

  #call(kind, text) {
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#results.set(id, resolve);
      this.#link.send(kind, id, text);
    });
  }

  echo(value) {
    return this.#call(kinds.echo, JSON.stringify(value));
  }

  echoRecord(value) {
    return this.echo(value);
  }

  async ticks(count, check = new TickCheck()) {
    await this.#read(kinds.ticks, `${count}`, async (items) => {
      for (const item of items) check.take(item);
    });
    return check.count;
  }

  async pour(take) {
    await this.#read(kinds.pour, "null", async (items) => {
      for (const item of items) if (!(await take(item))) return false;
    });
  }

  /** Gives the items of a stream to `onItems`, all that have come meanwhile at once, until it says false or they have ended. */
  async #read(kind, text, onItems) {
    let queue = [];
    let wake;
    let isDone = false;
    let isReading = true;
    this.#onItem.set(this.#lastId + 1, (item) => {
      queue.push(item);
      if (queue.length >= unreadLimit && isReading) {
        isReading = false;
        this.#link.setReading(false);
      }
      wake?.();
    });
    void this.#call(kind, text).then(() => {
      isDone = true;
      wake?.();
    });
    for (;;) {
      while (queue.length > 0) {
        const items = queue;
        queue = [];
        if ((await onItems(items)) === false) return;
        if (isReading) continue;
        isReading = true;
        this.#link.setReading(true);
      }
      if (isDone) return;
      await new Promise((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  }

  pingPong(count, inFlight, check) {
    const id = ++this.#lastId;
    let sent = 0;
    const send = () => this.#link.send(kinds.ping, id, JSON.stringify(tick(sent++)));
    return new Promise((resolve) => {
      this.#onItem.set(id, (item) => {
        check.take(item);
        if (check.count === count) resolve();
        else if (sent < count) send();
      });
      while (sent < inFlight && sent < count) send();
    });
  }

  async download(count, onChunk) {
    this.#onBytes = onChunk;
    await this.#call(kinds.download, `${count}`);
  }

  async upload(count) {
    for (let at = 0; at < count; at++) {
      this.#link.sendBytes(chunkAt(at));
      const due = this.#link.pause(at);
      if (due !== undefined) await due;
    }
    return await this.#call(kinds.uploadEnd, "null");
  }

  subscribe(onItem) {
    this.#onShared = onItem;
    this.#link.send(kinds.subscribe, ++this.#lastId, "null");
  }

  subscribers() {
    return this.#call(kinds.subscribers, "null");
  }

  publish(count) {
    return this.#call(kinds.publish, `${count}`);
  }
}
