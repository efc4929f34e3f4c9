#!/bin/sh
# Builds OUT/luamilter-VERSION-linux-ARCH.tar.gz for each ARCH (amd64 and arm64), and OUT/SHA256SUMS.
set -eu
. "$(dirname "$0")/build.sh"

install -d -m 755 "$OUT"
archives=
for arch in ${*:-amd64 arm64}; do
  name=luamilter-${VERSION#v}-linux-$arch
  tree=$work/$name
  install -d -m 755 "$tree/man" "$tree/completions"
  program "$arch" "$tree"
  pages "$tree"
  files 644 "$tree" CHANGELOG.md
  scripts "$tree/scripts"
  files 644 "$tree/dist" dist/luamilter.service dist/luamilter.socket dist/grafana-dashboard.json
  here man >"$tree/man/luamilter.1"
  here completion bash >"$tree/completions/luamilter"
  here completion zsh >"$tree/completions/_luamilter"
  here completion fish >"$tree/completions/luamilter.fish"
  licences "$tree/luamilter" >"$tree/THIRD_PARTY_LICENCES"
  tar --create --directory "$work" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" \
    --owner=0 --group=0 --numeric-owner "$name" | gzip -9n >"$OUT/$name.tar.gz"
  archives="$archives $name.tar.gz"
done
(cd "$OUT" && sha256sum $archives | tee SHA256SUMS)
