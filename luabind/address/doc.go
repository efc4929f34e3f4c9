// Package address reads and writes mail addresses (RFC 5322 3.4, RFC 6532) and domains, and is the Lua module of that
// name. Reading never fails and takes time linear in the input; what programs read in
// different ways, which is where a forger hides, is named as a defect.
package address

// Address is one mailbox, in UTF-8.
type Address struct {
	// Name is what a mail client shows: decoded, without quotes; from a comment if there is no other.
	Name string
	// Address is local@domain as written, without route, comments and white space; the local part has quotes only if it
	// needs them. It has no @ if the address has no domain, and is "" if there is only a name.
	Address string
	// Local is the local part without quotes.
	Local string
	// Domain is as written: upper case, a dot at the end and the brackets of a literal stay.
	Domain string
	// Group is the name of the group that the address is in.
	Group string
}
