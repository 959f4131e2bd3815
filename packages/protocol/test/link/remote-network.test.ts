/** Whose an address is: IPv4 as it is, IPv6 by its first 64 bits, however it is written. */
import { describe, expect, test } from "vitest";
import { remoteNetwork } from "../../src/link/remote-network.ts";

describe("remoteNetwork", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:54321", "192.0.2.1"],
    ["tcp://192.0.2.1:54321", "192.0.2.1"],
    ["tls://192.0.2.1:54321", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["tcp://[::ffff:192.0.2.1]:54321", "192.0.2.1"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8:0:0::/64"],
    ["2001:0db8::", "2001:db8:0:0::/64"],
    ["tcp://[2001:db8::a:b]:1", "2001:db8:0:0::/64"],
    ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4::/64"],
    ["1:2:3:4:5:6:7.8.9.10", "1:2:3:4::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("of %s is %s", (remote, network) => {
    expect(remoteNetwork(remote)).toBe(network);
  });

  test.each([
    ["memory", "memory"],
    ["host.example:80", "host.example"],
    ["1:2:3", "1:2:3"],
    ["1::2::3", "1::2::3"],
    ["1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"],
    ["::12345", "::12345"],
    ["::999.1.1.1", "::999.1.1.1"],
    ["::x", "::x"],
    ["", ""],
  ])("of %j, which is none, is %j", (remote, network) => {
    expect(remoteNetwork(remote)).toBe(network);
  });
});
