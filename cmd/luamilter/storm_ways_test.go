package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// storm rewrites two scripts and the module that each requires: those of the folder plain, and those of volume, which
// lie there as Kubernetes mounts them.
type storm struct {
	*testing.T
	dir    string
	milter *milter
	mails  *mailFlow

	way     string
	number  int               // versions written
	now     versions          // that have to be live when a rewrite is over
	allowed map[versions]bool // that may judge messages
	mark    int               // in the log: what a way has to look at
	waits   []time.Duration   // from the end of a rewrite to the first new message by it
}

// liveWithin is the contract's. The watcher's wait for quiet, 100 ms, is part of it.
const liveWithin, watcherQuiet, watcherCeiling = time.Second, 100 * time.Millisecond, 2 * time.Second

func newStorm(t *testing.T) *storm {
	s := &storm{T: t, dir: shortTempDir(t), allowed: map[versions]bool{}}
	for _, dir := range []string{"plain/lib", "volume", "elsewhere"} {
		s.must(os.MkdirAll(s.path(dir), 0o755))
	}
	s.write("plain/filter.lua", s.script())
	s.write("plain/lib/init.lua", s.module())
	s.kubernetes(true, true)
	s.must(os.Symlink("..data/filter.lua", s.path("volume/filter.lua")))
	s.must(os.Symlink("..data/lib.lua", s.path("volume/lib.lua")))
	s.milter = startMilter(t, "unix:"+s.path("s"), "--admin", "unix:"+s.path("admin"), "--log-level", "warn", "--states", "8",
		"--script", s.path("plain/filter.lua"), "--script", s.path("volume/filter.lua"))
	return s
}

func (s *storm) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *storm) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", s.way, err)
	}
}

// version gives the next number.
func (s *storm) version() int {
	s.number++
	return s.number
}

// expect says what the next rewrite makes live.
func (s *storm) expect(change func(v *versions, number int), number int) {
	change(&s.now, number)
	s.allowed[s.now] = true
}

func plainScript(v *versions, n int)  { v.plain.script = n }
func plainModule(v *versions, n int)  { v.plain.module = n }
func volumeScript(v *versions, n int) { v.volume.script = n }
func volumeModule(v *versions, n int) { v.volume.module = n }

// scriptText notes what it is when it loads, and at MAIL. It is as long as scripts are, so that it can be written in pieces,
// and its beginning alone does not load: a half-written script that loads is one, as far as anyone can tell.
func (s *storm) scriptText(field string, version int) string {
	return fmt.Sprintf(`-- a filter
do
local version = %d
local lib = require "lib"
local by = version .. "/" .. assert(lib.version, "the module has no version")
function on_load()
  local loads = assert(io.open(%q, "a"))
  assert(loads:write(%[3]q, " ", by, "\n"))
  assert(loads:close())
end
function on_mail()
  msg.by = by
  return nil
end
%sfunction on_eom()
  add_header(%[3]q, msg.by .. " " .. by)
end
end
`, version, s.path("loads"), field, strings.Repeat("-- what filters say of themselves, at length\n", 200))
}

func moduleText(version int) string {
	return fmt.Sprintf("local lib = {version = %d}\n%sreturn lib\n", version, strings.Repeat("-- and modules, too\n", 100))
}

// script and module are the next good versions of the folder plain.
func (s *storm) script() string {
	s.expect(plainScript, s.version())
	return s.scriptText("X-Plain", s.number)
}

func (s *storm) module() string {
	s.expect(plainModule, s.version())
	return moduleText(s.number)
}

func (s *storm) write(name, text string) {
	s.Helper()
	s.must(os.WriteFile(s.path(name), []byte(text), 0o644))
}

func (s *storm) rename(from, to string) { s.Helper(); s.must(os.Rename(s.path(from), s.path(to))) }
func (s *storm) remove(name string)     { s.Helper(); s.must(os.RemoveAll(s.path(name))) }

func (s *storm) replace(name, text string) {
	s.Helper()
	s.write(name+".tmp", text)
	s.rename(name+".tmp", name)
}

// pieces writes a file in place, eight pieces with a pause after each. Without truncation the rest of the old text stands
// behind the new one until the end.
func (s *storm) pieces(name, text string, truncate bool, pause time.Duration) {
	s.Helper()
	flags := os.O_WRONLY
	if truncate {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(s.path(name), flags, 0)
	s.must(err)
	defer f.Close()
	lines := strings.SplitAfter(text, "\n")
	for i := range 8 {
		_, err := f.WriteString(strings.Join(lines[i*len(lines)/8:(i+1)*len(lines)/8], ""))
		s.must(err)
		if pause > 0 {
			<-time.After(pause) // the pace of who writes
		}
	}
	s.must(f.Truncate(int64(len(text))))
}

// kubernetes mounts the next version of the volume as the kubelet does: a folder of its own, and one link set to it.
// What is not new is the same as before.
func (s *storm) kubernetes(script, module bool) {
	s.Helper()
	number := s.version()
	if script {
		s.expect(volumeScript, number)
	}
	if module {
		s.expect(volumeModule, number)
	}
	s.mount(map[string]string{
		"filter.lua": s.scriptText("X-Volume", s.now.volume.script),
		"lib.lua":    moduleText(s.now.volume.module),
	})
}

func (s *storm) mount(files map[string]string) {
	s.Helper()
	old, _ := os.Readlink(s.path("volume/..data"))
	fresh := fmt.Sprintf("..version%d", s.number)
	s.must(os.Mkdir(s.path("volume/"+fresh), 0o755))
	for name, text := range files {
		s.write("volume/"+fresh+"/"+name, text)
	}
	s.must(os.Symlink(fresh, s.path("volume/..data_tmp")))
	s.rename("volume/..data_tmp", "volume/..data")
	if old != "" {
		s.remove("volume/" + old)
	}
}

// poll is eventually, with the way in the message, and ends when a message has failed.
func (s *storm) poll(what string, condition func() bool) {
	s.Helper()
	eventually(s.T, s.way+": "+what, func() bool {
		if failed := s.mails.failed(); len(failed) > 0 {
			s.Fatalf("%s: %v", s.way, failed)
		}
		return condition()
	})
	s.mark = len(s.milter.log.String())
}

// live waits until a message that has just begun is judged by what was written.
func (s *storm) live() {
	s.Helper()
	written := time.Now()
	var began time.Time
	s.poll(fmt.Sprintf("%v are live", s.now), func() (ok bool) {
		began, ok = s.mails.liveSince(s.now)
		return ok
	})
	late := began.Sub(written)
	s.waits = append(s.waits, late)
	if late > liveWithin {
		s.Errorf("%s: %v are live after %v, want %v at most", s.way, s.now, late, liveWithin)
	}
}

// refused waits until the log has the reason why a version does not load. That it never was live shows in the end.
func (s *storm) refused(reason string) {
	s.Helper()
	mark := s.mark
	s.poll("the log says "+reason, func() bool {
		for line := range strings.Lines(s.milter.log.String()[mark:]) {
			if strings.Contains(line, "reload failed") && strings.Contains(line, reason) {
				return true
			}
		}
		return false
	})
}

// loads is how often the scripts have loaded, by their own word.
func (s *storm) loads() int {
	s.Helper()
	text, err := os.ReadFile(s.path("loads"))
	s.must(err)
	return strings.Count(string(text), "X-Plain")
}

// ignored wants the rewrite of nothing to load nothing, while messages go on for longer than the watcher waits.
func (s *storm) ignored(rewrite func()) {
	s.Helper()
	before := s.loads()
	rewrite()
	over := time.Now().Add(3 * watcherQuiet)
	s.poll("messages go on", func() bool { return s.mails.lastBegan().After(over) })
	if got := s.loads(); got != before {
		s.Errorf("%s: loaded %d times, want none", s.way, got-before)
	}
}

// way is one way to rewrite scripts.
type way struct {
	name    string
	rewrite func(s *storm)
}

func (s *storm) doAll(ways []way) {
	s.Helper()
	for _, way := range ways {
		s.way = way.name
		way.rewrite(s)
		if s.Failed() {
			s.Fatalf("after %d rewrites: %s", s.number, s.way)
		}
	}
	s.way = ""
}

// waysOf a round are those that take a moment only, in another order each round.
func waysOf(round uint64) []way {
	ways := append(brokenWays(), stormWays...)
	rand.New(rand.NewPCG(round, 0)).Shuffle(len(ways), func(i, k int) { ways[i], ways[k] = ways[k], ways[i] })
	return ways
}

const filter, module = "plain/filter.lua", "plain/lib/init.lua"

var stormWays = []way{
	{"a new file is renamed over the script", func(s *storm) { s.replace(filter, s.script()); s.live() }},
	{"a file of another folder is renamed over the script", func(s *storm) {
		s.write("elsewhere/f", s.script())
		s.rename("elsewhere/f", filter)
		s.live()
	}},
	{"the script is written in place", func(s *storm) { s.write(filter, s.script()); s.live() }},
	{"the script is written in place in pieces", func(s *storm) { s.pieces(filter, s.script(), true, 0); s.live() }},
	{"the script is written in place in pieces with pauses", func(s *storm) {
		s.pieces(filter, s.script(), true, watcherQuiet/4)
		s.live()
	}},
	{"the script is overwritten in pieces, and cut in the end", func(s *storm) {
		s.pieces(filter, s.script(), false, watcherQuiet/8)
		s.live()
	}},
	{"an editor renames the script away as a backup, writes a new one and deletes the backup", func(s *storm) {
		s.write("plain/.filter.lua.swp", "what is being typed")
		s.write("plain/4913", "")
		s.remove("plain/4913")
		s.rename(filter, filter+"~")
		s.write(filter, "")
		s.pieces(filter, s.script(), true, 0)
		s.must(os.Chmod(s.path(filter), 0o600))
		s.remove(filter + "~")
		s.remove("plain/.filter.lua.swp")
		s.live()
	}},
	{"an editor copies the script to a backup and writes in place", func(s *storm) {
		old, err := os.ReadFile(s.path(filter))
		s.must(err)
		s.write(filter+".bak", string(old))
		s.pieces(filter, s.script(), true, 0)
		s.remove(filter + ".bak")
		s.live()
	}},
	{"an editor leaves a backup", func(s *storm) {
		s.rename(filter, filter+".orig")
		s.write(filter, s.script())
		s.live()
	}},
	{"the script is deleted and written anew", func(s *storm) { s.remove(filter); s.write(filter, s.script()); s.live() }},
	{"the script vanishes, and comes back later", func(s *storm) {
		s.remove(filter)
		s.refused("plain/filter.lua: no such file or directory")
		s.write(filter, s.script())
		s.live()
	}},
	{"Kubernetes swaps ..data", func(s *storm) { s.kubernetes(true, true); s.live() }},
	{"Kubernetes swaps ..data, and only the module differs", func(s *storm) { s.kubernetes(false, true); s.live() }},
	{"Kubernetes swaps ..data to a volume without the script", func(s *storm) {
		s.version()
		s.mount(map[string]string{"lib.lua": moduleText(s.number)})
		s.refused("volume/filter.lua: no such file or directory")
		s.kubernetes(true, false)
		s.live()
	}},
	{"only the module is written", func(s *storm) { s.pieces(module, s.module(), true, 0); s.live() }},
	{"a new file is renamed over the module", func(s *storm) { s.replace(module, s.module()); s.live() }},
	{"a module appears that is found earlier, and vanishes", func(s *storm) {
		s.write("plain/lib.lua", s.module())
		s.live()
		number := s.version()
		s.ignored(func() { s.write(module, moduleText(number)) })
		s.expect(plainModule, number)
		s.remove("plain/lib.lua")
		s.live()
	}},
	{"script and module change together", func(s *storm) {
		script := s.script()
		s.replace(filter, script)
		s.replace(module, s.module())
		s.live()
	}},
	{"the folder is replaced by another", func(s *storm) {
		old, err := os.ReadFile(s.path(module))
		s.must(err)
		s.must(os.MkdirAll(s.path("plain.new/lib"), 0o755))
		s.write("plain.new/filter.lua", s.script())
		s.write("plain.new/lib/init.lua", string(old))
		s.rename("plain", "plain.old")
		s.rename("plain.new", "plain")
		s.remove("plain.old")
		s.live()
	}},
	{"new versions come faster than the watcher looks", func(s *storm) {
		for range 8 {
			s.replace(filter, s.script())
			s.kubernetes(true, true)
		}
		s.live()
	}},
	{"a broken version is mended at once", func(s *storm) {
		s.write(filter, s.scriptText("X-Plain", s.version())+"function function\n")
		s.write(filter, s.script())
		s.live()
	}},
	{"a module that was missing appears", func(s *storm) {
		number := s.version()
		name := fmt.Sprintf("late%d", number)
		s.replace(filter, s.scriptText("X-Plain", number)+"require '"+name+"'\n")
		s.refused(`module \"` + name + `\" not found`)
		s.expect(plainScript, number)
		s.write("plain/"+name+".lua", "return {}\n")
		s.live()
	}},
	{"the files are touched, or written as they are", func(s *storm) {
		s.ignored(func() {
			text, err := os.ReadFile(s.path(filter))
			s.must(err)
			s.must(os.Chtimes(s.path(filter), time.Time{}, time.Now()))
			s.must(os.Chmod(s.path(module), 0o640))
			s.write(filter, string(text))
			s.replace(filter, string(text))
			s.write("plain/other.lua", "this is required by nobody")
		})
	}},
	{"SIGHUP comes with everything as it was", func(s *storm) {
		before := s.loads()
		s.must(s.milter.cmd.Process.Signal(syscall.SIGHUP))
		s.poll("the scripts are loaded anew", func() bool { return s.loads() > before })
	}},
}

// slowWays take seconds, or very many rewrites.
var slowWays = []way{
	{"SIGHUP comes again and again while Kubernetes swaps ..data", func(s *storm) {
		for range 100 { // a load must not read one file before and one after a swap
			s.kubernetes(true, true)
			s.must(s.milter.cmd.Process.Signal(syscall.SIGHUP))
		}
		s.live()
	}},
	{"the script is written in pieces for longer than the watcher waits for quiet", func(s *storm) {
		text := s.script()
		s.pieces(filter, text, true, (watcherCeiling+watcherCeiling/4)/8)
		s.live()
	}},
	{"the script is written in pieces without any quiet for longer than the watcher waits for it", func(s *storm) {
		text := s.script()
		for over := time.Now().Add(watcherCeiling + watcherCeiling/8); time.Now().Before(over); {
			s.pieces(filter, text[:len(text)/2], true, watcherQuiet/4)
		}
		s.write(filter, text)
		s.live()
	}},
}

// brokenWays write a version that does not load, and a good one when it was refused.
func brokenWays() []way {
	line := func(text string) int { return strings.Count(text, "\n") + 1 }
	var ways []way
	for _, b := range []struct{ name, more, reason string }{
		{"a syntax error", "function on_eom(\n  x y\nend\n", ": syntax error"},
		{"an error while it loads", "error('not today')\n", "LINE: not today"},
		{"an error in on_load", "function on_load() error('no database') end\n", "LINE: no database"},
		{"a verdict that is dropped", "function on_rcpt()\n  reject('x')\nend\n", "the verdict of reject() is dropped"},
		{"a module that is missing", "require 'nosuch'\n", `LINE: require: module \"nosuch\" not found`},
		{"a callback that does not exist", "function on_recipient() end\n", "there is no callback on_recipient"},
	} {
		ways = append(ways, way{"a script with " + b.name, func(s *storm) {
			text := s.scriptText("X-Plain", s.version())
			s.replace(filter, text+b.more)
			s.refused(strings.Replace(b.reason, "LINE", fmt.Sprintf("plain/filter.lua:%d", line(text)), 1))
			s.replace(filter, s.script())
			s.live()
		}})
	}
	for _, b := range []struct{ name, text, reason string }{
		{"a syntax error", "local lib = {version = %d}\nreturn return\n", "plain/lib/init.lua:2:"},
		{"nothing in it", "-- %d\n", "plain/filter.lua:5:"},
	} {
		ways = append(ways, way{"a module with " + b.name, func(s *storm) {
			s.write(module, fmt.Sprintf(b.text, s.version()))
			s.refused(b.reason)
			s.write(module, s.module())
			s.live()
		}})
	}
	return ways
}
