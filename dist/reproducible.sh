#!/bin/sh
# Builds the archive and the package of ARCH (amd64) twice, in two folders, with other times, umasks and time zones, and
# compares the bytes. With a second argument, "fresh", each compiles everything anew. What is built is then in OUT (out).
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-out}
arch=${1:-amd64}
export VERSION="${VERSION:-$(dist/version.sh)}"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"

top=$(mktemp -d)
trap 'chmod -R u+w "$top" && rm -rf "$top"' EXIT

# build FOLDER UMASK DATE ZONE: prints the sums of what a copy of this tree builds in a folder.
build() (
  umask "$2"
  tree=$top/$1/tree
  mkdir -p "$tree"
  tar --create --exclude=./.git --exclude=./out . | tar --extract --no-same-permissions --directory "$tree"
  find "$tree" -exec touch -d "$3" {} +
  [ "${fresh:-}" = fresh ] && export GOCACHE="$top/$1/cache"
  export OUT="$top/$1/out" TZ="$4"
  "$tree/dist/release.sh" "$arch" >/dev/null
  "$tree/dist/deb.sh" "$arch" >/dev/null
  cd "$OUT" && sha256sum -- *
)

fresh=${2:-}
build one 022 2001-02-03 UTC >"$top/one.sums"
build elsewhere/and-two 077 2030-04-05 Asia/Kathmandu >"$top/two.sums"
cat "$top/one.sums"
cmp "$top/one.sums" "$top/two.sums"
mkdir -p "$out"
cp "$top/one/out/"* "$out"
