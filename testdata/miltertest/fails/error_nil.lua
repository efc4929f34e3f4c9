-- message: error_nil.lua:3: the script ends with a nil as its error

error()
