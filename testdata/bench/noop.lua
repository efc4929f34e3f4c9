-- Every callback is defined and none does anything: what it costs to be asked.

function on_connect(hostname, family, address, port) end
function on_helo(name) end
function on_mail(sender, params) end
function on_rcpt(recipient, params) end
function on_data() end
function on_header(name, value) end
function on_eoh() end
function on_body(chunk) end
function on_eom() end
function on_abort() end
function on_close() end
function on_unknown(command) end
