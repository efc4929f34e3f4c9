package lint

import (
	"slices"
	"strings"

	"luamilter/luabind"
	"luamilter/protocol"
)

// MTA is a mail server, and what it tells milters by itself.
type MTA struct {
	Name    string // "postfix"
	Title   string // "Postfix"
	macros  map[protocol.Stage][]string
	has     []string // all that it ever has; nil: any, its administrator may make more
	setting map[protocol.Stage]string
}

// The mail servers, with the macros that they send without being asked: Postfix 3.7 (postconf -d), Sendmail 8.18 (cf/README).
var (
	Postfix = MTA{
		Name: "postfix", Title: "Postfix",
		macros: map[protocol.Stage][]string{
			protocol.StageConnect: {"j", "{daemon_name}", "{daemon_addr}", "v", "_"},
			protocol.StageHelo:    {"{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"},
			protocol.StageMail:    {"i", "{auth_type}", "{auth_authen}", "{auth_author}", "{mail_addr}", "{mail_host}", "{mail_mailer}"},
			protocol.StageRcpt:    {"i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"},
			protocol.StageData:    {"i"},
			protocol.StageEOH:     {"i"},
			protocol.StageEOM:     {"i"},
		},
		has: []string{
			"i", "j", "v", "_", "{auth_authen}", "{auth_author}", "{auth_type}", "{cert_issuer}", "{cert_subject}", "{cipher}",
			"{cipher_bits}", "{client_addr}", "{client_connections}", "{client_name}", "{client_port}", "{client_ptr}",
			"{client_resolve}", "{daemon_addr}", "{daemon_name}", "{daemon_port}", "{mail_addr}", "{mail_host}", "{mail_mailer}",
			"{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}", "{tls_version}",
		},
		setting: map[protocol.Stage]string{
			protocol.StageConnect: "milter_connect_macros", protocol.StageHelo: "milter_helo_macros",
			protocol.StageMail: "milter_mail_macros", protocol.StageRcpt: "milter_rcpt_macros",
			protocol.StageData: "milter_data_macros", protocol.StageEOH: "milter_end_of_header_macros",
			protocol.StageEOM: "milter_end_of_data_macros",
		},
	}
	Sendmail = MTA{
		Name: "sendmail", Title: "Sendmail",
		macros: map[protocol.Stage][]string{
			protocol.StageConnect: {"j", "_", "{daemon_name}", "{if_name}", "{if_addr}"},
			protocol.StageHelo:    {"{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"},
			protocol.StageMail: {"i", "{auth_type}", "{auth_authen}", "{auth_ssf}", "{auth_author}", "{mail_mailer}",
				"{mail_host}", "{mail_addr}"},
			protocol.StageRcpt: {"{rcpt_mailer}", "{rcpt_host}", "{rcpt_addr}"},
			protocol.StageEOM:  {"{msg_id}"},
		},
		setting: map[protocol.Stage]string{
			protocol.StageConnect: "confMILTER_MACROS_CONNECT", protocol.StageHelo: "confMILTER_MACROS_HELO",
			protocol.StageMail: "confMILTER_MACROS_ENVFROM", protocol.StageRcpt: "confMILTER_MACROS_ENVRCPT",
			protocol.StageData: "confMILTER_MACROS_DATA", protocol.StageEOH: "confMILTER_MACROS_EOH",
			protocol.StageEOM: "confMILTER_MACROS_EOM",
		},
	}
)

// MTAs are those that are known.
func MTAs() []MTA { return []MTA{Postfix, Sendmail} }

// Sends are the macros that the MTA sends at a stage without being asked.
func (m MTA) Sends(stage protocol.Stage) []string { return m.macros[stage] }

// Has says whether the MTA can send a macro at all.
func (m MTA) Has(name string) bool { return m.has == nil || slices.Contains(m.has, name) }

// Setting is the name in the MTA's configuration of the macros that it sends at a stage.
func (m MTA) Setting(stage protocol.Stage) string { return m.setting[stage] }

// firstKnown is the stage at which an MTA first has a value for a macro. Those that are not here may be known at any.
var firstKnown = map[string]protocol.Stage{
	"{tls_version}": protocol.StageHelo, "{cipher}": protocol.StageHelo, "{cipher_bits}": protocol.StageHelo,
	"{cert_subject}": protocol.StageHelo, "{cert_issuer}": protocol.StageHelo, "{verify}": protocol.StageHelo,
	"i":             protocol.StageMail,
	"{auth_authen}": protocol.StageMail, "{auth_type}": protocol.StageMail, "{auth_author}": protocol.StageMail,
	"{auth_ssf}": protocol.StageMail, "{mail_addr}": protocol.StageMail, "{mail_host}": protocol.StageMail,
	"{mail_mailer}": protocol.StageMail,
	"{rcpt_addr}":   protocol.StageRcpt, "{rcpt_host}": protocol.StageRcpt, "{rcpt_mailer}": protocol.StageRcpt,
	"{msg_id}": protocol.StageEOM,
}

// wellKnown are the names that a mistyped macro may have meant.
func wellKnown() []string {
	all := slices.Clone(Postfix.has)
	for _, mta := range MTAs() {
		for stage := protocol.StageConnect; stage <= protocol.StageEOH; stage++ {
			all = append(all, mta.macros[stage]...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// heard are the stages whose macros still hold in a callback, newest last; nil for one that has none.
func heard(cb luabind.Callback) []protocol.Stage {
	session := []protocol.Stage{protocol.StageConnect, protocol.StageHelo, protocol.StageMail}
	message := append(session, protocol.StageData)
	switch cb {
	case luabind.OnConnect:
		return session[:1]
	case luabind.OnHelo, luabind.OnClose:
		return session[:2]
	case luabind.OnMail, luabind.OnUnknown, luabind.OnAbort:
		return session
	case luabind.OnRcpt:
		return append(session, protocol.StageRcpt)
	case luabind.OnData, luabind.OnHeader:
		return message
	case luabind.OnEOH, luabind.OnBody:
		return append(message, protocol.StageEOH)
	case luabind.OnEOM, luabind.OnMessage:
		return append(message, protocol.StageEOH, protocol.StageEOM)
	}
	return nil
}

// Stages are all that have macros, in the order of a session: the protocol numbers EOH behind EOM.
func Stages() []protocol.Stage {
	return []protocol.Stage{
		protocol.StageConnect, protocol.StageHelo, protocol.StageMail, protocol.StageRcpt, protocol.StageData,
		protocol.StageEOH, protocol.StageEOM,
	}
}

// order is where a stage stands in a session.
func order(stage protocol.Stage) int { return slices.Index(Stages(), stage) }

// braced is a macro's name as MTAs write it: i, {auth_authen}.
func braced(name string) string {
	if name = strings.Trim(name, "{}"); len(name) > 1 {
		return "{" + name + "}"
	}
	return name
}
