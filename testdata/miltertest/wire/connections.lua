-- reply: T close
-- Several connections at once, each with its own state, and the ways in which they end.

mt.set_timeout(60)
local one, two = mt.connect(socket, 3, 0.01), mt.connect(socket, "1", "0")
mt.echo(type(one) .. tostring(one ~= two))
mt.helo(one, "one.example")
mt.mailfrom(two, "<two@client.example>")
mt.mailfrom(one, "<one@client.example>")
mt.echo(("%d %d"):format(mt.getreply(one), mt.getreply(two)))
mt.echo(tostring(mt.disconnect(one, true)))
mt.echo(tostring(mt.rcptto(two, "<b@here.example>")))
mt.echo(tostring(mt.disconnect(two, false)))
local three = mt.connect(socket)
mt.echo(tostring(mt.disconnect(three)))

-- a filter that goes away
local four = mt.connect(socket)
mt.rcptto(four, "<b@here.example>")
mt.echo(type(mt.data(four)))
mt.echo(("%d"):format(mt.getreply(four)))
mt.disconnect(four, false)

-- nobody there
mt.echo(tostring(pcall(mt.connect, socket .. "-none")))
mt.echo(tostring(pcall(mt.connect, "inet:1@127.0.0.1", 2, 0.001)))
mt.echo(tostring(pcall(mt.connect, folder .. "/none")))
