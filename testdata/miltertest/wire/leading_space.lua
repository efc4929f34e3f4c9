-- steps: 0x100000
-- The space behind the colon of a header field, where the filter wants to see it.

mt.set_timeout(60)
local conn = mt.connect(socket)
mt.echo(tostring(mt.header(conn, "A", "without negotiation before it")))
mt.echo(tostring(mt.header(conn, "B", "text")))
mt.echo(tostring(mt.header(conn, "C", "")))
mt.echo(tostring(mt.header(conn, "D", " two\n\tlines")))
conn = mt.connect(socket)
mt.echo(tostring(mt.eoh(conn)))
conn = mt.connect(socket)
mt.negotiate(conn, nil, nil, nil)
mt.echo(tostring(mt.header(conn, "A", "behind negotiation")))
