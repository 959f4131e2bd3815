#!/bin/sh
# Makes the certificate of the tests: localhost, 127.0.0.1 and ::1, its own authority, valid for 100 years. Nothing but these tests trusts it.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -sha256 -subj "/CN=localhost" \
  -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" -keyout server.key -out server.crt
