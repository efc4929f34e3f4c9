-- message: call.lua:3: attempt to call

mt.nosuchfunction()
