#!/bin/sh
# Installs the package beside Postfix in a new Debian root that systemd has booted as a container, filters mail there,
# upgrades, removes and purges it. Needs root, debootstrap, systemd-nspawn and the network; nothing is left of it.
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
for version in v0.0.1 v0.0.2 v0.0.3; do
  VERSION=$version SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)} OUT=$root/srv dist/deb.sh
done

# What it stands beside; nothing of it may start before the container does.
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
in_root() { env DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
in_root apt-get update -q
in_root apt-get install -q -y --no-install-recommends postfix systemd systemd-sysv dbus curl
in_root postconf -e inet_interfaces=loopback-only inet_protocols=ipv4 mydestination=localhost \
  smtpd_milters=inet:127.0.0.1:7357 milter_default_action=tempfail
in_root useradd --create-home joe
rm "$root/usr/sbin/policy-rc.d"

cp dist/deb/inside-test.sh "$root/srv"
cat >"$root/etc/systemd/system/inside-test.service" <<'UNIT'
[Service]
ExecStart=/bin/bash -eu /srv/inside-test.sh
StandardOutput=file:/srv/log
StandardError=inherit
UNIT
in_root systemctl --quiet add-wants multi-user.target inside-test.service
code=0
timeout --foreground 5m systemd-nspawn --quiet --register=no --keep-unit --private-network --console=pipe \
  --directory="$root" --boot >"$top/console" </dev/null || code=$?
cat "$root/srv/log" || tail "$top/console"
[ "$code" = 0 ] || echo "deb-test: failed with $code"
exit "$code"
