-- The working directory belongs to the script, its files and those of mt.bodyfile.

mt.set_timeout(60)
local before = mt.getcwd()
mt.echo(tostring(select("#", mt.chdir(folder))))
mt.echo(tostring(mt.getcwd() == folder and before ~= folder))
local file = assert(io.open("body.txt", "rb"))
mt.echo(("%d"):format(#file:read("*a")))
file:close()
local conn = mt.connect(socket)
mt.echo(tostring(mt.bodyfile(conn, "body.txt")))
mt.echo(tostring(pcall(mt.bodyfile, conn, "no such file")))
mt.echo(tostring(pcall(mt.chdir, "no such folder")))
mt.chdir("..")
mt.echo(tostring(mt.getcwd() .. "/wire" == folder))
mt.echo(type(dofile("wire/lib/constant.lua")))
package.path = folder .. "/lib/?.lua"
mt.echo(require("constant") .. require("constant"))
mt.echo(tostring(os.getenv("NO_SUCH_VARIABLE")) .. " " .. type(os.getenv("PATH")))
local name = os.tmpname()
file = assert(io.open(name, "w"))
file:write("written")
file:close()
for line in io.lines(name) do
  mt.echo(line)
end
mt.echo(tostring(os.remove(name)) .. " " .. tostring(io.open(name)))
