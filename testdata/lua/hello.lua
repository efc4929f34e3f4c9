function on_eom()
  add_header("X-Filtered-By", "luamilter")
end
