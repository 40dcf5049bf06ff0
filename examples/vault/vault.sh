#!/bin/sh
# Reads a secret of the vault with curl: gets a token for the application itself
# (client credentials), then the request.
#
#   TENANT_ID, CLIENT_ID, CLIENT_SECRET   who asks, as `provision output` prints them
#   AUTHORITY                             where tokens are got; default Microsoft's
#   FUNCTION                              where the function is; default http://127.0.0.1:8000
set -eu
: "${AUTHORITY:=https://login.microsoftonline.com/$TENANT_ID}" "${FUNCTION:=http://127.0.0.1:8000}"

token=$(curl -sSf "$AUTHORITY/oauth2/v2.0/token" \
    -d grant_type=client_credentials -d "scope=api://$CLIENT_ID/.default" \
    -d "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" |
    sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')

# The header comes from a file, because other users can read arguments.
umask 077
header=$(mktemp)
trap 'rm -f "$header"' EXIT
printf 'Authorization: Bearer %s\n' "$token" >"$header"
curl -sS -w '\n%{http_code}\n' -H "@$header" "$FUNCTION/vault?secret=${1:-demo}"
