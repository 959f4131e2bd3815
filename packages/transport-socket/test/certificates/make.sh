#!/bin/sh
# Makes the certificates of the tests, valid for 100 years, with two authorities of their own. Nothing but these tests trusts them.
#
#   ca            the authority that tests trust
#   server        localhost, 127.0.0.1, ::1        of ca
#   expired       the same names, valid for one day of 2020   of ca
#   elsewhere     elsewhere.example                of ca
#   client        CN=ada, two alternative names    of ca
#   foreign-ca    an authority that nobody trusts
#   foreign       localhost…                       of foreign-ca, for servers and clients
#
# Keys are P-256. The authorities' keys are not kept: to change one certificate, make all of them anew.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# authority NAME SUBJECT
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -sha256 \
    -subj "$2" -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$work/$1.key" -out "$1.crt"
  : > "$work/$1.index"
}

# certificate NAME SUBJECT AUTHORITY USAGE ALTERNATIVE-NAMES START END
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "$2" \
    -keyout "$1.key" -out "$work/$1.csr"
  cat > "$work/$1.conf" <<CONF
[ca]
default_ca = settings
[settings]
new_certs_dir = $work
database = $work/$3.index
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
copy_extensions = none
[anything]
commonName = supplied
organizationName = optional
[extensions]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = $4
subjectAltName = $5
CONF
  openssl ca -batch -notext -config "$work/$1.conf" -extensions extensions -cert "$3.crt" -keyfile "$work/$3.key" \
    -startdate "$6" -enddate "$7" -in "$work/$1.csr" -out "$1.crt"
}

start=20200101000000Z
end=21191231000000Z
local=DNS:localhost,IP:127.0.0.1,IP:::1

authority ca "/CN=Sluice test authority"
authority foreign-ca "/CN=Foreign authority"
certificate server "/CN=localhost" ca serverAuth "$local" $start $end
certificate expired "/CN=localhost" ca serverAuth "$local" 20200101000000Z 20200102000000Z
certificate elsewhere "/CN=elsewhere.example" ca serverAuth DNS:elsewhere.example $start $end
certificate client "/O=Tests/CN=ada" ca clientAuth "email:ada@example.org,URI:spiffe://example.org/ada" $start $end
certificate foreign "/CN=ada" foreign-ca serverAuth,clientAuth "$local" $start $end
chmod 644 ./*.key
