/** What is read out of a certificate: names that cannot be mistaken for others. */
import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { readCertificate, splitNames } from "../src/peer-certificate.ts";
import { pem } from "./certificates.ts";

test("a certificate is read", () => {
  expect(readCertificate(new X509Certificate(pem("server.crt")))).toMatchObject({
    commonName: "localhost",
    subjectAltNames: ["DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1"],
    issuer: "Sluice test authority",
  });
  expect(readCertificate(new X509Certificate(pem("ca.crt"))).subjectAltNames).toEqual([]);
});

test.each([
  ["", []],
  ["DNS:a", ["DNS:a"]],
  ["DNS:a, DNS:b, URI:https://c/d?e=f", ["DNS:a", "DNS:b", "URI:https://c/d?e=f"]],
  ['DNS:"a, DNS:b", email:c', ["DNS:a, DNS:b", "email:c"]],
  ['URI:"x\\"y, \\u0000z"', ['URI:x"y, \u0000z']],
])("alternative names %s", (text, names) => {
  expect(splitNames(text)).toEqual(names);
});
