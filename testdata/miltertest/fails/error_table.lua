-- message: error_table.lua:3: the script ends with a table as its error

error({code = 5})
