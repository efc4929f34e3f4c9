#!/bin/sh
# Builds OUT/luamilter_VERSION-1_ARCH.deb for ARCH (amd64 or arm64; that of this machine), with dpkg-deb alone.
set -eu
. "$(dirname "$0")/build.sh"

arch=${1:-$(dpkg --print-architecture)}
maintainer=${DEB_MAINTAINER:-luamilter maintainers <maintainers@luamilter.invalid>}
# v1.2.3-4-gabc comes after 1.2.3, and v1.2.3-rc1 before it.
version=$(echo "${VERSION#v}" | sed -e 's/-\(alpha\|beta\|pre\|rc\)/~\1/' -e 's/-/+/' -e 's/-/./g')-1
root=$work/root
share=$root/usr/share
doc=$share/doc/luamilter

program "$arch" "$root/usr/bin"

# The units of dist are for a program that was put into /usr/local, with a user that systemd makes up.
files 644 "$root/usr/lib/systemd/system" dist/luamilter.service dist/luamilter.socket
sed -i -e 's,/usr/local/bin/,/usr/bin/,' -e 's/^DynamicUser=yes$/DynamicUser=no/' "$root/usr/lib/systemd/system/luamilter.service"
files 644 "$root/usr/lib/tmpfiles.d" dist/deb/luamilter.conf
files 644 "$root/etc/luamilter" dist/deb/filter.lua
files 644 "$root/etc/default" dist/deb/default/luamilter

install -d -m 755 "$doc" "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"
here completion bash >"$share/bash-completion/completions/luamilter"
here completion zsh >"$share/zsh/vendor-completions/_luamilter"
here completion fish >"$share/fish/vendor_completions.d/luamilter.fish"
here man | gzip -9n >"$share/man/man1/luamilter.1.gz"

scripts "$share/luamilter/scripts"
pages "$doc"
files 644 "$doc/examples" dist/grafana-dashboard.json
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
{
  printf 'luamilter (%s) unstable; urgency=medium\n\n' "$version"
  printf '  * What has changed is in changelog.gz.\n\n'
  printf ' -- %s  %s\n' "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.Debian.gz"
{
  cat dist/deb/copyright
  licences "$root/usr/bin/luamilter" /usr/share/common-licenses/Apache-2.0
} >"$doc/copyright"
install -d -m 755 "$share/lintian/overrides"
install -m 644 dist/deb/lintian-overrides "$share/lintian/overrides/luamilter"

files 755 "$root/DEBIAN" dist/deb/postinst dist/deb/prerm dist/deb/postrm
files 644 "$root/DEBIAN" dist/deb/conffiles
(cd "$root" && find etc usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
size=$(find "$root/etc" "$root/usr" -printf '%y %s\n' | awk '{ kib += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print kib }')
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" -e "s/@MAINTAINER@/$maintainer/" \
  dist/deb/control >"$root/DEBIAN/control"

install -d -m 755 "$OUT"
# Several threads of xz may divide the data otherwise than one.
DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$root" "$OUT/luamilter_${version}_$arch.deb"
