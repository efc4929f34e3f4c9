-- message: syntax.lua:4: 

mt.echo("never"
mt.echo("never")
