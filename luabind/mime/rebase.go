package mime

// Rebase puts another body in the place of the one that New was given: somebody has replaced the message's body as a
// whole, and knew the header as it came. So Changes gives what makes that body the one it is from here on, and the
// fields that belong to a body (Content-*, MIME-Version) are as they came; all other edits of the header stay. A Mark
// that was made before can't be gone back to. The body is only ever read.
func (m *Message) Rebase(body []byte) {
	now := map[int]*field{}
	for i := range m.fields {
		now[m.fields[i].origin] = &m.fields[i]
	}
	var fields []field
	for _, f := range m.given {
		if g := now[f.origin]; g != nil && !ofBody(g) {
			fields = append(fields, *g)
		} else if ofBody(&f) {
			fields = append(fields, f)
		}
	}
	for i := range m.fields {
		if f := &m.fields[i]; f.origin == 0 && !ofBody(f) {
			fields = append(fields, *f)
		}
	}
	m.edits++
	m.fields, m.body, m.root, m.nodes, m.leaves, m.found = fields, body, nil, 0, 0, defects{}
}

// ofBody says whether a field tells how the body is to be read.
func ofBody(f *field) bool { return isContent(f) || f.is("MIME-Version") }
