-- message: address.lua:5: mt.conninfo(): invalid IP address 'nowhere'

mt.set_timeout(60)
local conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "nowhere")
