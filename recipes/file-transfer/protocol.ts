/** Files of a server's folder, by name: up, down, and how large they are. */
import type { ProtocolDefinition } from "@sluice/protocol";

const name = { type: "string", description: "A file name without folders" } as const;
const bytes = { type: "integer", minimum: 0 } as const;
const chunk = { type: "string", contentEncoding: "base64" } as const; // a Uint8Array; 64 KiB here
const named = {
  type: "object",
  properties: { name },
  required: ["name"],
  additionalProperties: false,
} as const;
const digest = {
  type: "object",
  properties: { bytes, sha256: { type: "string", pattern: "^[0-9a-f]{64}$" } },
  required: ["bytes", "sha256"],
} as const;

const nameRefused = { description: "The name could mean something outside of the folder" } as const;
const noSuchFile = { description: "The folder has no file of that name" } as const;

export const files = {
  "files/upload": {
    type: "channel", // without `receive`: an upload
    param: {
      type: "object",
      properties: { name, size: bytes },
      required: ["name", "size"],
      additionalProperties: false,
    },
    send: chunk,
    result: digest, // of what was stored
    errors: {
      NAME_REFUSED: nameRefused,
      TOO_LARGE: { data: { type: "object", properties: { most: bytes }, required: ["most"] } },
      WRONG_SIZE: { data: { type: "object", properties: { received: bytes }, required: ["received"] } },
    },
  },
  "files/download": {
    type: "stream",
    param: named,
    receive: chunk,
    result: digest, // of what was sent
    errors: { NAME_REFUSED: nameRefused, NO_SUCH_FILE: noSuchFile },
  },
  "files/size": {
    type: "request",
    param: named,
    result: bytes,
    errors: { NAME_REFUSED: nameRefused, NO_SUCH_FILE: noSuchFile },
  },
} as const satisfies ProtocolDefinition;

type FilesDefinition = typeof files;

export interface Files extends FilesDefinition {}
