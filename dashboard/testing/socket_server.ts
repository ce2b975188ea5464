/** A WebSocket server of the test process: it hears who comes with which address, and says what the test wants. */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Frame } from "@/protocol/events";

/** What RFC 6455 has both sides append to the key. */
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x81;
const CLOSE = 0x88;

/** One who has connected. */
export class Guest {
  readonly path: string;
  private readonly stream: Duplex;

  constructor(path: string, stream: Duplex) {
    this.path = path;
    this.stream = stream;
    stream.on("error", () => {});
  }

  get cursor(): string | null {
    return new URL(this.path, "ws://localhost").searchParams.get("cursor");
  }

  send(frame: Frame): void {
    this.write(TEXT, Buffer.from(JSON.stringify(frame)));
  }

  close(code: number, reason = ""): void {
    const body = Buffer.alloc(2);
    body.writeUInt16BE(code);
    this.write(CLOSE, Buffer.concat([body, Buffer.from(reason)]));
    this.stream.end();
  }

  /** Vanish without a word. */
  abort(): void {
    this.stream.destroy();
  }

  /** Wait until the other side has gone. */
  gone(): Promise<void> {
    if (this.stream.closed || this.stream.readableEnded) return Promise.resolve();
    return new Promise((resolve) => this.stream.once("close", resolve));
  }

  private write(kind: number, body: Buffer): void {
    const head = Buffer.from(
      body.length < 126 ? [kind, body.length] : [kind, 126, body.length >> 8, body.length & 255],
    );
    this.stream.write(Buffer.concat([head, body]));
  }
}

export class SocketServer {
  readonly guests: Guest[] = [];
  private readonly server: Server = createServer();
  private readonly waiting: ((guest: Guest) => void)[] = [];

  constructor() {
    this.server.on("upgrade", (request, stream) => this.admit(request, stream));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  readonly url = (path: string): string =>
    `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;

  /** Wait for the next one who connects. */
  next(): Promise<Guest> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async stop(): Promise<void> {
    for (const guest of this.guests) guest.abort();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private admit(request: IncomingMessage, stream: Duplex): void {
    const key = request.headers["sec-websocket-key"] ?? "";
    const accept = createHash("sha1")
      .update(key + MAGIC)
      .digest("base64");
    const head = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
    ];
    stream.write(`${head.join("\r\n")}\r\n\r\n`);
    const guest = new Guest(request.url ?? "", stream);
    stream.on("data", (data: Buffer) => {
      if (data[0] === CLOSE) stream.end();
    });
    stream.resume();
    this.guests.push(guest);
    this.waiting.shift()?.(guest);
  }
}
