//go:build !linux

package main

// keepAwake is for what Go's scheduler does on Linux.
func keepAwake() {}
