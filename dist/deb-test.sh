#!/bin/sh
# Installs the package in a new Debian root beside Postfix, filters mail there, upgrades, removes and purges it. Needs root,
# debootstrap and the network; nothing is left of it. No systemd runs there: what the unit starts is started by hand.
#
# SUITE  the release of Debian; bookworm
# BASE   a folder that debootstrap has made, to be copied; none: a new one
set -eu
cd "$(dirname "$0")/.."

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
root=$top/root
if [ -n "${BASE:-}" ]; then
  cp -a "$BASE" "$root"
else
  debootstrap --variant=minbase "${SUITE:-bookworm}" "$root"
fi
for version in v0.0.1 v0.0.2; do
  VERSION=$version SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)} OUT=$root/srv dist/deb.sh
done
cp dist/deb/inside-test.sh "$root/srv"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

# Its own processes end, and its mounts go, with it.
unshare --mount --pid --fork --kill-child sh -euc '
  mount -t proc proc "$1/proc"
  export DEBIAN_FRONTEND=noninteractive
  chroot "$1" apt-get update -q
  chroot "$1" apt-get install -q -y --no-install-recommends postfix systemd iproute2 curl
  chroot "$1" sh -c "apt-get install -q -y --no-install-recommends /srv/luamilter_0.0.1-1_*.deb"
  unshare --net chroot "$1" bash -eu /srv/inside-test.sh' sh "$root"
echo "deb-test: all as it should be"
