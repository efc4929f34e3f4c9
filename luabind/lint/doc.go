// Package lint finds in the source of a filter what can be known without mail: names that are not there, calls with wrong
// arguments, verdicts and changes where they mean nothing, macros that the MTA does not send, locals that nobody reads.
//
// A file is parsed once; reader goes through the tree in the order of the source and makes lists of what rules look at:
// names, calls, fields, returns, each with its place and the function that it stands in. Then stages finds out which
// callbacks may reach a function, and each rule goes through the lists. What the host itself knows is asked of package
// luabind, so that a rule and the run-time error of the same mistake can't differ.
//
// A rule says nothing where it is not sure: a function that is kept in a table, or given away, may be called from anywhere.
package lint
