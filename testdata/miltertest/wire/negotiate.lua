-- steps: 0x7f
-- actions: 0x11
-- What is offered, and what a script sees of the answer, whether an MTA could take it or not.

mt.set_timeout(60)
local function offer(...)
  local conn = mt.connect(socket)
  mt.echo(tostring(mt.negotiate(conn, ...)) .. (" %d"):format(mt.getreply(conn)))
  for _, action in ipairs({SMFIF_ADDHDRS, SMFIF_CHGBODY, SMFIF_MODBODY, SMFIF_CHGHDRS, SMFIF_ADDHDRS + SMFIF_CHGBODY}) do
    mt.echo(tostring(mt.test_action(conn, action)))
  end
  for _, option in ipairs({SMFIP_NOCONNECT, SMFIP_NOEOH, SMFIP_NODATA, SMFIP_NR_HDR, 0}) do
    mt.echo(tostring(mt.test_option(conn, option)))
  end
  return conn
end

offer(nil, nil, nil)
offer(6, 0x1fffff, 0x1ff)
offer(2, 0x7f, 0x3f)
offer("2", "127", "63")
offer(6, 0, 0)
local conn = offer(1, 4294967295, 4294967295)
mt.echo(tostring(mt.negotiate(conn, 6, SMFIP_SKIP + SMFIP_MDS_1M, SMFIF_ADDHDRS)))
