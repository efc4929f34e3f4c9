package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/address"
	"luamilter/luabind/archive"
	"luamilter/luabind/crypto"
	"luamilter/luabind/filemap"
	"luamilter/luabind/header"
	"luamilter/luabind/ipset"
	"luamilter/luabind/json"
	"luamilter/luabind/log"
	"luamilter/luabind/mime"
	"luamilter/luabind/re"
	"luamilter/luabind/score"
	"luamilter/protocol"
)

// Generation is a set of loaded scripts with their pools of Lua states. What was loaded never changes.
type Generation struct {
	number     int
	hash       string
	since      time.Time // it went live
	scripts    []*luabind.Script
	pools      []*pool
	wants      protocol.Options
	stopTimers func()
	due        []dueTimer // where the clock is moved by Host.Advance
	use        use
}

// use counts the messages that a generation judges. The pools of one that was replaced are emptied with the last.
type use struct {
	mu       sync.Mutex
	messages int
	old      bool
}

// modules are what scripts may require besides their own files.
func modules() map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"address": address.Open,
		"archive": archive.Open,
		"crypto":  crypto.Open,
		"header":  header.Open,
		"ipset":   ipset.New().Open,
		"json":    json.Open,
		"log":     log.Open,
		"map":     filemap.New().Open,
		"mime":    mime.Open,
		"re":      re.New().Open,
		"score":   score.Open,
	}
}

// mostLoads bounds the tries to load files that go on changing.
const mostLoads = 5

// Load compiles and runs every script of the configuration. All files are as they were at one moment: a deployment may
// replace them while they are read, and the first of one version must not go live with the last of another. The error is
// a *luabind.LoadError, or ctx's own.
func Load(ctx context.Context, cfg Config) (*Generation, error) {
	for try := 1; ; try++ {
		g, err := loadOnce(ctx, cfg)
		var files []luabind.File
		var problem *luabind.LoadError
		switch {
		case err == nil:
			files = g.Files()
		case errors.As(err, &problem):
			files = problem.Files
		}
		changed := firstChanged(files)
		if changed == "" {
			return g, err
		}
		if err == nil {
			g.emptyPools()
		}
		if try == mostLoads && err != nil {
			return nil, err
		}
		if try == mostLoads {
			return nil, &luabind.LoadError{
				Problems: []luabind.Problem{{File: changed, Message: "it changes all the time while the scripts load", Rule: luabind.RuleLoad}},
				Files:    files,
			}
		}
	}
}

// firstChanged is the first of the files whose content is no longer what was loaded, or "".
func firstChanged(files []luabind.File) string {
	for _, f := range files {
		if now, ok := readHash(f.Path); ok && now != f.Hash {
			return f.Path
		}
	}
	return ""
}

func loadOnce(ctx context.Context, cfg Config) (*Generation, error) {
	g := &Generation{}
	env := luabind.Env{
		Version:   cfg.Version,
		Modules:   modules(),
		Memory:    cfg.Memory,
		Log:       cfg.Log,
		LoadLimit: cfg.MessageTimeout,
		Clock:     cfg.Clock,
		Coverage:  cfg.Coverage,
		Settings:  cfg.Settings,
	}
	for _, path := range cfg.Scripts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		script, err := luabind.Load(ctx, path, env)
		var problem *luabind.LoadError
		if errors.As(err, &problem) {
			problem.Files = append(g.Files(), problem.Files...)
		}
		if err != nil {
			return nil, err
		}
		pool, err := newPool(ctx, script, cfg.states())
		if errors.As(err, &problem) {
			problem.Files = append(g.Files(), script.Files()...)
		}
		if err != nil {
			g.emptyPools()
			return nil, err
		}
		pool.rotate = cfg.Rotate
		g.scripts, g.pools = append(g.scripts, script), append(g.pools, pool)
	}
	g.wants = luabind.Union(g.scripts)
	g.hash = contentHash(g.Files())
	return g, nil
}

// contentHash names what the files hold: the first 12 hexadecimal digits of a SHA-256.
func contentHash(files []luabind.File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s\x00%s\n", f.Path, f.Hash)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:12]
}

// Number counts generations from 1, in the order in which they went live; 0 before that.
func (g *Generation) Number() int { return g.number }

// Hash names the content of all its files: 12 hexadecimal digits.
func (g *Generation) Hash() string { return g.hash }

// Since is when it went live.
func (g *Generation) Since() time.Time { return g.since }

// Files are those that the scripts were made of, and those that would have been taken in their stead.
func (g *Generation) Files() []luabind.File {
	var files []luabind.File
	for _, s := range g.scripts {
		files = append(files, s.Files()...)
	}
	return files
}

// Scripts are the loaded scripts, in the order in which their callbacks run.
func (g *Generation) Scripts() []*luabind.Script { return g.scripts }

// Wants is what is asked of an MTA that offers everything.
func (g *Generation) Wants() protocol.Options { return g.wants }

// enter notes that a message has begun, leave that it has ended.
func (g *Generation) enter() {
	g.use.mu.Lock()
	defer g.use.mu.Unlock()
	g.use.messages++
}

func (g *Generation) leave() {
	g.use.mu.Lock()
	defer g.use.mu.Unlock()
	g.use.messages--
	g.emptyUnused()
}

// retire ends the timers and, when the last message has left, frees the states.
func (g *Generation) retire() {
	g.stopTimers()
	g.use.mu.Lock()
	defer g.use.mu.Unlock()
	g.use.old = true
	g.emptyUnused()
}

func (g *Generation) emptyUnused() {
	if g.use.old && g.use.messages == 0 {
		g.emptyPools()
	}
}

func (g *Generation) emptyPools() {
	for _, p := range g.pools {
		p.retire()
	}
}
