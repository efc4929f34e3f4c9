package main

import "luamilter/protocol"

// macroSet holds the payloads of the frames that define macros, made once. The names are those of Postfix 3.7's defaults
// that have a value for plain SMTP. It sends them before each command, each header field and each chunk of the body; at
// CONNECT, HELO, MAIL, RCPT and DATA even if the command itself is turned off.
type macroSet struct {
	connect, helo, mail, spam, rcpt, data, header, eoh, body, eom []byte
}

func postfixMacros() *macroSet {
	const id = "4XyZ1a2b3c"
	return &macroSet{
		connect: macroPayload(protocol.CodeConnect, "j", "mx.bench.example", "{daemon_name}", "mx.bench.example",
			"{daemon_addr}", "192.0.2.1", "v", "Postfix 3.7.11", "_", "mail.client.example [192.0.2.25]"),
		helo:   macroPayload(protocol.CodeHelo),
		mail:   macroPayload(protocol.CodeMail, senderMacros(sender)...),
		spam:   macroPayload(protocol.CodeMail, senderMacros(spammer)...),
		rcpt:   macroPayload(protocol.CodeRcpt, "{rcpt_addr}", "user@bench.example", "{rcpt_host}", "bench.example", "{rcpt_mailer}", "local"),
		data:   macroPayload(protocol.CodeData, "i", id),
		header: macroPayload(protocol.CodeHeader, "i", id),
		eoh:    macroPayload(protocol.CodeEOH, "i", id),
		body:   macroPayload(protocol.CodeBody, "i", id),
		eom:    macroPayload(protocol.CodeEOM, "i", id),
	}
}

func senderMacros(mailbox string) []string {
	return []string{"{mail_addr}", mailbox[1 : len(mailbox)-1], "{mail_host}", "bench.example", "{mail_mailer}", "smtp"}
}

// macroPayload is the data of SMFIC_MACRO: the command, then each string ended by NUL.
func macroPayload(code protocol.Code, pairs ...string) []byte {
	payload := []byte{byte(code)}
	for _, s := range pairs {
		payload = append(append(payload, s...), 0)
	}
	return payload
}
