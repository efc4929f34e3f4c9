# What deb-test.sh runs in the Debian root, in a network of its own.
set -o pipefail
PATH=/usr/sbin:/usr/bin:/sbin:/bin

step() { echo "deb-test: $*"; }
fail() { echo "deb-test: $*" >&2; exit 1; }

# eventually COMMAND...: until it succeeds, within a minute.
eventually() {
  local n
  for ((n = 0; n < 600; n++)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "never came true: $*"
}

# serve: starts what the unit starts, as its user, in its folder, with its socket and its environment.
serve() {
  local unit=/usr/lib/systemd/system/luamilter.service command
  command=$(sed -n 's/^ExecStart=//p' "$unit")
  cd /var/lib/luamilter
  setpriv --reuid luamilter --regid luamilter --init-groups --no-new-privs \
    systemd-socket-activate --listen "$(sed -n 's/^ListenStream=//p' "${unit%.service}.socket")" \
    /usr/bin/env $(grep '^LUAMILTER_' /etc/default/luamilter) $command &
  milter=$!
  cd /
}

status() { curl -fsS --unix-socket /run/luamilter/admin http://localhost/status; }

# live_is GENERATION: asks whether it is the one that is live.
live_is() { [[ $(status) == *"\"generation\": $1,"* ]]; }

# smtp SENDER: sends a mail to joe, and prints the last reply of each step.
smtp() {
  local line command
  exec 3<>/dev/tcp/127.0.0.1/25
  for command in "" "HELO client.example" "MAIL FROM:<$1>" "RCPT TO:<joe@localhost>" DATA $'Subject: test\r\n\r\nHello\r\n.' QUIT; do
    [ -z "$command" ] || printf '%s\r\n' "$command" >&3
    while IFS= read -r line <&3 && [[ $line == ???-* ]]; do :; done
    printf '%s\n' "${line%$'\r'}"
    case $line in [45]*) break ;; esac
  done
  exec 3>&-
}

# takes SENDER: whether a mail from it is taken. Just after serve or postfix start it may not be.
takes() { smtp "$1" | grep '^221 '; }

step "units, user, manual page and completions are there"
ip link set lo up
systemd-analyze verify --man=no /usr/lib/systemd/system/luamilter.service /usr/lib/systemd/system/luamilter.socket
[ -e /etc/systemd/system/multi-user.target.wants/luamilter.service ] || fail "the service is not enabled"
[ -e /etc/systemd/system/sockets.target.wants/luamilter.socket ] || fail "the socket is not enabled"
[ "$(stat -c %U:%a /run/luamilter /var/lib/luamilter | sort -u)" = luamilter:750 ] || fail "its folders are not its own"
bash -c '. /usr/share/bash-completion/completions/luamilter && complete -p luamilter' >/dev/null
luamilter version | grep -F v0.0.1
luamilter check /etc/luamilter/filter.lua
(cd /tmp && printf 'From: a@b.example\n\nHello\n' | luamilter replay --script /usr/share/luamilter/scripts/hello.lua -) | grep X-Filtered-By

step "mail is filtered"
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
useradd --create-home joe
postconf -e inet_interfaces=loopback-only inet_protocols=ipv4 mydestination=localhost \
  smtpd_milters=inet:127.0.0.1:7357 milter_default_action=reject maillog_file=/var/log/mail.log
serve
postfix start
eventually takes b@example.org
smtp a@spam.example | grep '^550 5.7.1 not here'
eventually grep -q '^X-Filtered-By: luamilter v0.0.1' /var/mail/joe
live_is 1 || fail "no status: $(status)"

step "a saved filter goes live"
sed -i 's/X-Filtered-By/X-Seen-By/' /etc/luamilter/filter.lua
eventually live_is 2
eventually takes c@example.org
eventually grep -q '^X-Seen-By: luamilter v0.0.1' /var/mail/joe

step "an upgrade keeps the filter"
dpkg --install /srv/luamilter_0.0.2-1_*.deb
luamilter version | grep -F v0.0.2
grep -q X-Seen-By /etc/luamilter/filter.lua || fail "the filter is not the one that was there"
kill -TERM $milter
wait $milter || fail "it ended with $?"
serve
eventually takes d@example.org
eventually grep -q '^X-Seen-By: luamilter v0.0.2' /var/mail/joe

step "it is removed, then purged"
kill -TERM $milter
wait $milter || fail "it ended with $?"
dpkg --remove luamilter
[ ! -e /usr/bin/luamilter ] && [ -e /etc/luamilter/filter.lua ] || fail "remove took too much, or not enough"
dpkg --purge luamilter
left=$(find / -xdev -name '*luamilter*' -not -path '/srv/*' -not -path '/proc/*')
[ -z "$left" ] || fail "left after purge: $left"
postfix stop
