//go:build !linux

package protocol

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

const (
	reliefEvery = time.Second
	idleEpochs  = 1
)

// loop is for Linux only.
type loop struct{ long atomic.Int64 }

func newLoop(*Server, bool) (*loop, error) { return nil, errors.New("loops are for Linux") }

func canEnter(net.Conn) bool { return false }

func (*loop) enter(*conn) error     { return nil }
func (*loop) finish(*conn, error)   {}
func (*loop) end()                  {}
func (*loop) look() bool            { return false }
func (*loop) endIdle(time.Duration) {}
func (*conn) leave()                {}

func processCPU() time.Duration { return 0 }
