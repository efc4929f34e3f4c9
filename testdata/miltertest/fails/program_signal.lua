-- message: /bin/sleep: signal: killed

mt.startfilter("/bin/sleep", "600")
mt.signal(9)
