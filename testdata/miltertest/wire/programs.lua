-- Programs that a script starts are signalled, and told to end when it has ended.

mt.set_timeout(60)
mt.echo(tostring(mt.startfilter("/bin/sleep", "600")))
mt.echo(tostring(mt.signal(0)))
mt.echo(tostring(mt.signal("18")))
mt.echo(tostring(mt.sleep(0.001)))
local conn = mt.connect(socket)
mt.echo(tostring(mt.eom(conn)))
