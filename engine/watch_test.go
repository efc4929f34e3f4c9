package engine

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"luamilter/luabind"
)

const (
	watchQuiet = 20 * time.Millisecond
	never      = time.Hour
	// deadline is for what must happen, silence for what must not.
	deadline = 20 * time.Second
	silence  = 10 * watchQuiet
)

func TestWatchTellsEachWayToChangeAFile(t *testing.T) {
	script := func(r *watched) { r.write("filter.lua", "one") }
	for _, c := range []struct {
		name   string
		before func(r *watched)
		files  []string
		change func(r *watched)
	}{
		{"a new file is renamed over the old", script, []string{"filter.lua"},
			func(r *watched) { r.replace("filter.lua", "two") }},
		{"the file is written in place", script, []string{"filter.lua"},
			func(r *watched) { r.write("filter.lua", "two") }},
		{"the file is written in place in pieces", script, []string{"filter.lua"}, func(r *watched) {
			r.write("filter.lua", "")
			for range 50 {
				r.append("filter.lua", "piece\n")
			}
		}},
		{"an editor keeps the old file as a backup and writes a new one", script, []string{"filter.lua"}, func(r *watched) {
			r.rename("filter.lua", "filter.lua~")
			r.write("filter.lua", "")
			r.append("filter.lua", "two")
			r.must(os.Chmod(r.path("filter.lua"), 0o600))
			r.remove("filter.lua~")
		}},
		{"the file is deleted and written anew", script, []string{"filter.lua"}, func(r *watched) {
			r.remove("filter.lua")
			r.write("filter.lua", "two")
		}},
		{"the file vanishes", script, []string{"filter.lua"}, func(r *watched) { r.remove("filter.lua") }},
		{"a folder takes the place of the file", script, []string{"filter.lua"}, func(r *watched) {
			r.remove("filter.lua")
			r.mkdir("filter.lua")
		}},
		{"only a module changes", func(r *watched) { script(r); r.mkdir("lib"); r.write("lib/m.lua", "one") },
			[]string{"filter.lua", "lib/m.lua"}, func(r *watched) { r.write("lib/m.lua", "two") }},
		{"a module appears in a folder that was searched earlier",
			func(r *watched) { script(r); r.mkdir("lib/m"); r.write("lib/m/init.lua", "one") },
			[]string{"filter.lua", "lib/m.lua", "lib/m/init.lua"}, func(r *watched) { r.write("lib/m.lua", "two") }},
		{"a module appears in folders that did not exist", script, []string{"filter.lua", "a/b/c/m.lua"}, func(r *watched) {
			r.mkdir("a/b/c")
			r.write("a/b/c/m.lua", "one")
		}},
		{"a folder with the module is moved to where none was",
			func(r *watched) { script(r); r.mkdir("new/b"); r.write("new/b/m.lua", "one") },
			[]string{"filter.lua", "a/b/m.lua"}, func(r *watched) { r.rename("new", "a") }},
		{"the folder of the module is deleted", func(r *watched) { script(r); r.mkdir("a/b"); r.write("a/b/m.lua", "one") },
			[]string{"filter.lua", "a/b/m.lua"}, func(r *watched) { r.remove("a") }},
		{"another folder takes the place of the file's", func(r *watched) {
			r.mkdir("live")
			r.mkdir("next")
			r.write("live/filter.lua", "one")
			r.write("next/filter.lua", "two")
		}, []string{"live/filter.lua"}, func(r *watched) {
			r.rename("live", "previous")
			r.rename("next", "live")
		}},
		{"Kubernetes swaps ..data", func(r *watched) {
			r.kubernetes("..2026_01", "one")
			r.link("..data/filter.lua", "filter.lua")
		}, []string{"filter.lua"}, func(r *watched) { r.kubernetes("..2026_02", "two") }},
		{"Kubernetes swaps ..data seen through a link from elsewhere", func(r *watched) {
			r.kubernetes("..2026_01", "one")
			r.link("..data/filter.lua", "filter.lua")
			r.mkdir("etc")
			r.link(r.path("filter.lua"), "etc/filter.lua")
		}, []string{"etc/filter.lua"}, func(r *watched) { r.kubernetes("..2026_02", "two") }},
		{"a link to a release is set to the next", func(r *watched) {
			r.mkdir("releases/1")
			r.mkdir("releases/2")
			r.write("releases/1/filter.lua", "one")
			r.write("releases/2/filter.lua", "two")
			r.link("releases/1", "current")
		}, []string{"current/filter.lua"}, func(r *watched) {
			r.link("releases/2", "next")
			r.rename("next", "current")
		}},
		{"the target of a link is written", func(r *watched) {
			r.mkdir("real")
			r.write("real/f.lua", "one")
			r.link("real/f.lua", "filter.lua")
		}, []string{"filter.lua"}, func(r *watched) { r.append("real/f.lua", "two") }},
		{"the target of a link that led nowhere appears", func(r *watched) { r.link("real/f.lua", "filter.lua") },
			[]string{"filter.lua"}, func(r *watched) {
				r.mkdir("real")
				r.write("real/f.lua", "one")
			}},
		{"a link that led to itself becomes a file", func(r *watched) { r.link("filter.lua", "filter.lua") },
			[]string{"filter.lua"}, func(r *watched) { r.replace("filter.lua", "one") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newWatched(t, byEvents)
			c.before(r)
			r.begin(c.files...)
			c.change(r)
			r.told()
			r.silent(silence)
			if got := r.log.lines(t, refusedMessage); len(got) > 0 {
				t.Errorf("got log lines %v, want none", got)
			}
		})
	}
}

// The second change shows that the watches went along with the first.
func TestWatchTellsChangesAfterFoldersHaveChanged(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(r *watched)
		file   string
		first  func(r *watched)
	}{
		{"a folder was made after Watch", func(*watched) {}, "a/b/m.lua",
			func(r *watched) { r.mkdir("a/b"); r.write("a/b/m.lua", "one") }},
		{"a folder was deleted", func(r *watched) { r.mkdir("a/b"); r.write("a/b/m.lua", "one") }, "a/b/m.lua",
			func(r *watched) { r.remove("a") }},
		{"a folder was replaced by another of its name", func(r *watched) {
			r.mkdir("a/b")
			r.mkdir("new/b")
			r.write("a/b/m.lua", "one")
			r.write("new/b/m.lua", "two")
			// The watch is on a/b, which does not notice; the look for the canary's sake does.
		}, "a/b/m.lua", func(r *watched) {
			r.rename("a", "old")
			r.rename("new", "a")
			r.replace("canary/c.lua", "chirps again")
		}},
		{"a link was swapped", func(r *watched) { r.kubernetes("..1", "one"); r.link("..data/filter.lua", "filter.lua") },
			"filter.lua", func(r *watched) { r.kubernetes("..2", "two") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newWatched(t, byEvents)
			c.before(r)
			r.begin(c.file)
			c.first(r)
			r.told()
			r.mkdir(filepath.Dir(c.file))
			r.write(c.file, "the second change")
			r.told()
			r.write(c.file, "the third change")
			r.told()
		})
	}
}

func TestWatchDoesNotTellWhatLeavesTheContent(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *watched)
	}{
		{"the file is touched", func(r *watched) {
			later := time.Now().Add(time.Minute)
			r.must(os.Chtimes(r.path("filter.lua"), later, later))
		}},
		{"its mode is changed", func(r *watched) { r.must(os.Chmod(r.path("filter.lua"), 0o600)) }},
		{"it is replaced by its like", func(r *watched) { r.replace("filter.lua", "one") }},
		{"a file beside it is written", func(r *watched) { r.write("other.lua", "two") }},
		{"Kubernetes swaps ..data for another file's sake", func(r *watched) { r.kubernetes("..2", "volume") }},
		{"a folder appears where a module was looked for", func(r *watched) { r.mkdir("lib") }},
		{"a pipe, whose content cannot be told, takes its place", func(r *watched) {
			r.must(syscall.Mkfifo(r.path("pipe"), 0o600))
			r.rename("pipe", "filter.lua")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newWatched(t, byEvents)
			r.write("filter.lua", "one")
			r.kubernetes("..1", "volume")
			r.begin("filter.lua", "..data/filter.lua", "lib/m.lua")
			c.change(r)
			r.silent(silence)
			r.replace("filter.lua", "two")
			r.told()
		})
	}
}

func TestWatchDoesNotTellAFileThatIsBackWithinQuiet(t *testing.T) {
	times := byEvents
	times.Quiet = time.Second
	r := newWatched(t, times)
	r.write("filter.lua", "one")
	r.begin("filter.lua")
	r.remove("filter.lua")
	r.write("filter.lua", "one")
	r.silent(times.Quiet + silence)
}

func TestWatchTellsAChangeOnce(t *testing.T) {
	r := newWatched(t, WatchTimes{Quiet: watchQuiet, Ceiling: never, Poll: watchQuiet})
	r.write("filter.lua", "one")
	r.begin("filter.lua")
	r.replace("filter.lua", "two")
	r.told()
	r.silent(silence)
	r.replace("filter.lua", "one")
	r.told()
	r.silent(silence)
}

func TestWatchComparesWithWhatItWasGiven(t *testing.T) {
	r := newWatched(t, byEvents)
	r.write("filter.lua", "one")
	r.write("module.lua", "one")
	r.watch("filter.lua")
	r.silent(silence)

	t.Run("a change between loading and Watch is told", func(t *testing.T) {
		loaded := r.now()
		r.replace("filter.lua", "two")
		r.w.Watch(loaded)
		r.told()
	})
	t.Run("a change that waits in Changed and is known to Watch is taken back", func(t *testing.T) {
		r.replace("filter.lua", "three")
		for late := time.Now().Add(deadline); len(r.w.Changed()) == 0; runtime.Gosched() {
			if time.Now().After(late) {
				t.Fatal("the change was not told")
			}
		}
		r.w.Watch(r.now())
		r.silent(silence)
	})
	t.Run("files that Watch is no longer given are not told", func(t *testing.T) {
		r.begin("module.lua")
		r.replace("filter.lua", "four")
		r.silent(silence)
		r.replace("module.lua", "two")
		r.told()
	})
	t.Run("nothing is told when no file is watched", func(t *testing.T) {
		r.watch()
		r.replace("module.lua", "three")
		r.silent(silence)
	})
}

func TestWatchTakesRelativePaths(t *testing.T) {
	r := newWatched(t, byEvents)
	t.Chdir(r.dir)
	r.write("filter.lua", "one")
	r.begin()
	r.files = append(r.files, luabind.File{Path: "filter.lua"})
	r.w.Watch(r.now())
	r.replace("canary/c.lua", "chirps again")
	r.told()
	r.replace("filter.lua", "two")
	r.told()
}

// A folder that is moved and then deleted makes fsnotify report an error while it holds its lock.
func TestWatchSurvivesFoldersThatComeAndGo(t *testing.T) {
	r := newWatched(t, byEvents)
	r.begin("a/b/m.lua")
	for n := range 300 {
		r.mkdir("a/b")
		r.write("a/b/m.lua", fmt.Sprint(n))
		r.rename("a/b", "gone")
		r.remove("gone")
		if n%2 == 0 {
			r.remove("a")
		}
	}
	r.mkdir("a/b")
	r.write("a/b/m.lua", "at last")
	r.told()
	r.replace("a/b/m.lua", "and on")
	r.told()
}

// A deleted folder that a process still has open sends no event of its end.
func TestWatchTellsOfAFolderThatIsMadeAgainWhileTheOldOneIsOpen(t *testing.T) {
	times := byEvents
	times.Quiet = time.Second
	r := newWatched(t, times)
	r.mkdir("a")
	r.write("a/m.lua", "one")
	held, err := os.Open(r.path("a"))
	r.must(err)
	defer held.Close()
	r.begin("a/m.lua")
	before := r.w.folders.trail.Load()
	r.remove("a/m.lua")
	for late := time.Now().Add(deadline); r.w.folders.trail.Load() == before; runtime.Gosched() {
		if time.Now().After(late) {
			t.Fatal("the event of the deleted file was not followed")
		}
	}
	r.remove("a")
	r.told()
	r.mkdir("a")
	r.write("a/m.lua", "two")
	r.told()
}

// A folder that is made between the walk along a path and the watch on its parent sends no event either.
func TestWatchFollowsFoldersThatAppearMeanwhile(t *testing.T) {
	r := &watched{TB: t, dir: t.TempDir()}
	r.mkdir("a")
	n, err := fsnotify.NewWatcher()
	r.must(err)
	f := newFoldersOn(n, func(folder string) error {
		r.mkdir("a/b/c")
		return n.Add(folder)
	}, nil, slog.New(slog.DiscardHandler), never)
	defer f.Close()
	f.follow([]string{r.path("a/b/c/m.lua")})
	if got, want := n.WatchList(), []string{r.path("a/b/c")}; !slices.Equal(got, want) {
		t.Errorf("got watches on %v, want %v", got, want)
	}
}

func TestWatchTrailIsWhatLeadsToAFile(t *testing.T) {
	r := &watched{TB: t, dir: t.TempDir()}
	r.mkdir("real/deep")
	r.write("real/f.lua", "")
	r.link("real/deep", "link")
	r.link("/nowhere/at/all", "broken")
	r.link("loop", "loop")
	for _, c := range []struct {
		name, path string
		want       []string
	}{
		{"a file", "real/f.lua", []string{"real/f.lua"}},
		{"a file that is not there", "real/g.lua", []string{"real/g.lua"}},
		{"a folder that is not there", "real/a/b/c.lua", []string{"real/a"}},
		{"a link in the middle", "link/m.lua", []string{"link", "real/deep/m.lua"}},
		{"a way up from the target of a link", "link/../f.lua", []string{"link", "real/f.lua"}},
		{"a file used as a folder", "real/f.lua/g.lua", []string{"real/f.lua"}},
		{"a link to itself", "loop", []string{"loop"}},
		{"doubled and single dots", ".//real/./f.lua", []string{"real/f.lua"}},
		{"a link that leads out to nothing", "broken", []string{"broken", "/nowhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries, dirs := map[string]bool{}, map[string]bool{}
			for _, name := range c.want {
				if !filepath.IsAbs(name) {
					name = r.path(name)
				}
				entries[name], dirs[filepath.Dir(name)] = true, true
			}
			got := trailOf([]string{r.dir + "/" + c.path})
			if !reflect.DeepEqual(got.entries, entries) {
				t.Errorf("got entries %v, want %v", got.entries, entries)
			}
			if !reflect.DeepEqual(got.folders, dirs) {
				t.Errorf("got folders %v, want %v", got.folders, dirs)
			}
		})
	}
}
