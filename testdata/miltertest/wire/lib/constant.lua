return "a constant of a module"
