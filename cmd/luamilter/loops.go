package main

import "runtime"

// processorsForLoops makes room for the loops of protocol.Server, one for each of Go's processors: they hold on to theirs,
// so there is one more for what else is to be done.
func processorsForLoops() (loops int) {
	loops = runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(loops + 1)
	return loops
}
