# What deb-test.sh runs in the container: it installs the package, uses it as an administrator would, and ends the container
# with its own exit code.
set -o pipefail
trap 'systemctl exit $?' EXIT
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin

step() { echo "deb-test: $*"; }
fail() {
  echo "deb-test: $*"
  journalctl --no-pager --unit luamilter.service --unit luamilter.socket | tail -n 20
  exit 1
}

# eventually COMMAND...: until it succeeds, within a minute.
eventually() {
  local n
  for ((n = 0; n < 600; n++)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "never came true: $*"
}

active() { systemctl --quiet is-active luamilter.socket luamilter.service; }
main_pid() { systemctl show --property MainPID --value "$1"; }

# live_is GENERATION: whether it is the one that is live.
live_is() {
  local status
  status=$(curl -fsS --unix-socket /run/luamilter/admin http://localhost/status)
  [[ $status == *"\"generation\": $1,"* ]]
}

# smtp SENDER: sends a mail to joe, and prints the last line of each reply.
smtp() {
  local line command
  exec 3<>/dev/tcp/127.0.0.1/25 || return
  for command in "" "HELO client.example" "MAIL FROM:<$1>" "RCPT TO:<joe@localhost>" DATA $'Subject: test\r\n\r\nHello\r\n.' QUIT; do
    [ -z "$command" ] || printf '%s\r\n' "$command" >&3
    while IFS= read -r line <&3 && [[ $line == ???-* ]]; do :; done
    printf '%s\n' "${line%$'\r'}"
    case $line in [45]*) break ;; esac
  done
  exec 3>&-
}

# takes SENDER: whether a mail from it is taken.
takes() { smtp "$1" | grep '^221 '; }

# delivered FIELD: whether joe has a mail with such a header field.
delivered() { eventually grep -q "^$1" /var/mail/joe; }

step "it is installed and starts"
dpkg --install /srv/luamilter_0.0.1-1_*.deb
active || fail "it does not run"
systemd-analyze verify --man=no luamilter.service luamilter.socket
[ "$(stat -c %U:%a /run/luamilter /var/lib/luamilter | sort -u)" = luamilter:750 ] || fail "its folders are not its own"
[ "$(stat -c %U "/proc/$(main_pid luamilter.service)")" = luamilter ] || fail "it does not run as its user"
luamilter version | grep -F v0.0.1
luamilter check /etc/luamilter/filter.lua

step "the filter as it comes lets mail pass"
eventually takes a@spam.example

step "a saved filter goes live"
cat >/etc/luamilter/filter.lua <<'LUA'
function on_mail(sender)
  if sender:match("@spam%.example$") then
    return reject(550, "5.7.1", "not here")
  end
end

function on_eom()
  add_header("X-Filtered-By", "luamilter " .. milter.version)
end
LUA
eventually live_is 2
smtp a@spam.example | grep '^550 5.7.1 not here'
takes b@example.org
delivered 'X-Filtered-By: luamilter v0.0.1'
echo 'function on_eom(' >>/etc/luamilter/filter.lua
systemctl reload luamilter && fail "it reloads what does not load"
sed -i '$d' /etc/luamilter/filter.lua
systemctl reload luamilter

step "an upgrade keeps the filter, and restarts the service but not the socket"
before=$(main_pid luamilter.service)
socket=$(systemctl show --property ActiveEnterTimestampMonotonic luamilter.socket)
dpkg --install /srv/luamilter_0.0.2-1_*.deb
active || fail "it does not run"
[ "$before" != "$(main_pid luamilter.service)" ] || fail "it has not restarted"
[ "$socket" = "$(systemctl show --property ActiveEnterTimestampMonotonic luamilter.socket)" ] || fail "the socket has restarted"
takes c@example.org
delivered 'X-Filtered-By: luamilter v0.0.2'

step "what is disabled stays so"
systemctl --quiet disable --now luamilter.socket luamilter.service
dpkg --install /srv/luamilter_0.0.3-1_*.deb
active && fail "it runs"
systemctl --quiet is-enabled luamilter.service && fail "it is enabled"
systemctl --quiet enable --now luamilter.socket luamilter.service
takes d@example.org
delivered 'X-Filtered-By: luamilter v0.0.3'

step "it is removed, and comes back with the filter that was there"
dpkg --remove luamilter
systemctl --quiet is-active luamilter.socket && fail "the socket is still there"
[ ! -e /usr/bin/luamilter ] && [ -e /etc/luamilter/filter.lua ] || fail "remove took too much, or not enough"
dpkg --install /srv/luamilter_0.0.3-1_*.deb
active || fail "it does not run"
smtp a@spam.example | grep '^550 5.7.1 not here'

step "it is purged"
dpkg --purge luamilter
left=$(find / -xdev -name '*luamilter*' -not -path '/srv/*' -not -path '/proc/*' -not -path '/tmp/*')
[ -z "$left" ] || fail "left after purge: $left"
step "all as it should be"
