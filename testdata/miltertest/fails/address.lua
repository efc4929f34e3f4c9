-- message: address.lua:4: mt.conninfo(): invalid IP address 'nowhere'

local conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "nowhere")
