/** What each format accepts and refuses, for the tests of every engine. */

export interface FormatCase {
  readonly valid: readonly string[];
  readonly invalid: readonly string[];
}

export const formatCases: Readonly<Record<string, FormatCase>> = {
  uuid: {
    valid: [
      "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
      "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
      "00000000-0000-0000-0000-000000000000",
    ],
    invalid: [
      "",
      "2eb8aa08aa9811eab4aa73b441d16380",
      "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
      "2eb8aa08-aa98-11ea-b4aa-73b441d16380 ",
      "ghb8aa08-aa98-11ea-b4aa-73b441d16380",
    ],
  },
  date: {
    valid: ["1963-06-19", "2020-02-29", "2000-02-29", "0000-01-01", "2021-12-31"],
    invalid: [
      "",
      "1963-06-31",
      "2021-02-29",
      "1900-02-29",
      "2020-13-01",
      "2020-00-10",
      "2020-1-1",
      "20200101",
      "1963-06-1৪",
      "2020-01-01T00:00:00Z",
    ],
  },
  time: {
    valid: [
      "08:30:06Z",
      "08:30:06.283185z",
      "23:59:60Z",
      "01:29:60+01:30",
      "15:59:60-08:00",
      "00:00:00+00:00",
    ],
    invalid: [
      "",
      "08:30:06",
      "24:00:00Z",
      "08:60:00Z",
      "22:59:60Z",
      "23:59:60+01:00",
      "08:30:06.Z",
      "8:30:06Z",
      "08:30:06+24:00",
      "08:30:06 PST",
    ],
  },
  "date-time": {
    valid: [
      "1963-06-19T08:30:06.283185Z",
      "1963-06-19t08:30:06z",
      "1990-12-31T15:59:60-08:00",
      "2020-02-29T00:00:00+14:00",
    ],
    invalid: [
      "",
      "1963-06-19",
      "1963-06-19 08:30:06Z",
      "1963-06-19T08:30:06",
      "2021-02-29T00:00:00Z",
      "1963-06-19T25:00:00Z",
      "06/19/1963 08:30:06 PST",
    ],
  },
  email: {
    valid: ["joe.bloggs@example.com", "te~st@example.com", "a+b@sub.example.org", "1@a.b"],
    invalid: [
      "",
      "2962",
      "@example.com",
      "joe@",
      ".joe@example.com",
      "joe.@example.com",
      "jo..e@example.com",
      "joe@-a.com",
      "joe@a-.com",
      "joe bloggs@example.com",
      `a@${"b".repeat(64)}.com`,
    ],
  },
  uri: {
    valid: [
      "http://foo.bar/?baz=qux#quux",
      "ldap://[2001:db8::7]/c=GB?objectClass?one",
      "mailto:John.Doe@example.com",
      "urn:oasis:names",
      "tel:+1-816-555-1212",
      "http://a:b@h:80/%20",
      "file:///etc/hosts",
    ],
    invalid: [
      "",
      "//foo.bar/",
      "/abc",
      "abc",
      "http:// shouldfail.com",
      "http://a b",
      "http://[:::]/",
      "http://ex%2/",
      ":// no",
      "1http://a",
      "http://a\\b",
    ],
  },
  ipv4: {
    valid: ["192.168.0.1", "0.0.0.0", "255.255.255.255"],
    invalid: ["", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "0x7f.0.0.1", "1.2.3.৪"],
  },
  ipv6: {
    valid: [
      "::1",
      "::",
      "1:2:3:4:5:6:7:8",
      "fe80::a:b",
      "::ffff:192.168.0.1",
      "1:2:3:4:5:6:1.2.3.4",
      "1::8",
      "::2:3:4:5:6:7:8",
    ],
    invalid: [
      "",
      ":",
      "12345::",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      "::1%eth0",
      "1:2:3:4:5:6:7:1.2.3.4",
      "1.2.3.4::",
      ":1",
      "1:",
      "::256.1.1.1",
      "1:2:3:4:5:6:7::8",
    ],
  },
};
