-- message: program_missing.lua:3: mt.startfilter(): /no/such/filter: no such file or directory

mt.startfilter("/no/such/filter", "-f")
