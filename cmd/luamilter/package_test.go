package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runDist runs a script of dist, for a release v1.2.3-rc1 of 2026-01-02, and gives what it prints.
func runDist(t *testing.T, out, script string, args ...string) string {
	t.Helper()
	return runTool(t, []string{"VERSION=v1.2.3-rc1", "SOURCE_DATE_EPOCH=1767312000", "OUT=" + out}, "../../dist/"+script, args...)
}

func runTool(t *testing.T, environment []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), environment...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, problems.String())
	}
	return string(out)
}

func needDpkg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("dpkg-deb is not installed: this is no Debian")
	}
}

// TestPackages builds archive and Debian package in two ways that must not differ, and looks into the package.
func TestPackages(t *testing.T) {
	needDpkg(t)
	out := t.TempDir()
	sums := runDist(t, out, "reproducible.sh", "amd64")
	for _, name := range []string{"luamilter-1.2.3-rc1-linux-amd64.tar.gz", "luamilter_1.2.3~rc1-1_amd64.deb", "SHA256SUMS"} {
		if !strings.Contains(sums, "  "+name+"\n") {
			t.Errorf("no sum of %s: %s", name, sums)
		}
	}
	deb := filepath.Join(out, "luamilter_1.2.3~rc1-1_amd64.deb")
	root := filepath.Join(out, "root")
	runTool(t, nil, "dpkg-deb", "--raw-extract", deb, root)

	t.Run("files belong to root, and only programs can be run", func(t *testing.T) {
		for _, line := range strings.Split(strings.TrimSpace(runTool(t, nil, "dpkg-deb", "--contents", deb)), "\n") {
			fields := strings.Fields(line)
			mode, name := fields[0], fields[5]
			want := "-rw-r--r--"
			switch {
			case strings.HasSuffix(name, "/"):
				want = "drwxr-xr-x"
			case strings.HasPrefix(name, "./usr/bin/"):
				want = "-rwxr-xr-x"
			}
			if mode != want || fields[1] != "root/root" {
				t.Errorf("got %s %s for %s, want %s root/root", mode, fields[1], name, want)
			}
		}
	})
	t.Run("what a version is called sorts as Debian does", func(t *testing.T) {
		if got, want := runTool(t, nil, "dpkg-deb", "--field", deb, "Version"), "1.2.3~rc1-1\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("all that changes after installing is a conffile", func(t *testing.T) {
		conffiles := strings.Fields(readFile(t, filepath.Join(root, "DEBIAN/conffiles")))
		var inEtc []string
		for _, file := range filesBelow(t, root) {
			if strings.HasPrefix(file, "etc/") {
				inEtc = append(inEtc, "/"+file)
			}
		}
		if !slices.Equal(conffiles, inEtc) {
			t.Errorf("got %q, want %q", conffiles, inEtc)
		}
	})
	t.Run("each file has its sum", func(t *testing.T) {
		cmd := exec.Command("md5sum", "--check", "--quiet", "DEBIAN/md5sums")
		cmd.Dir = root
		if problems, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, problems)
		}
	})
	t.Run("maintainer scripts are shell", func(t *testing.T) {
		for _, name := range []string{"postinst", "prerm", "postrm"} {
			runTool(t, nil, "sh", "-n", filepath.Join(root, "DEBIAN", name))
		}
	})
	t.Run("units run the program of the package as its user", func(t *testing.T) {
		unit := readFile(t, filepath.Join(root, "usr/lib/systemd/system/luamilter.service"))
		if strings.Contains(unit, "/usr/local") || !strings.Contains(unit, "\nExecStart=/usr/bin/luamilter ") ||
			!strings.Contains(unit, "\nExecReload=/usr/bin/luamilter ") || !strings.Contains(unit, "\nDynamicUser=no\n") {
			t.Errorf("got %s", unit)
		}
	})
	t.Run("each library comes with its licence", func(t *testing.T) {
		copyright := readFile(t, filepath.Join(root, "usr/share/doc/luamilter/copyright"))
		for _, module := range []string{"Go", "github.com/yuin/gopher-lua", "github.com/spf13/pflag", "golang.org/x/net"} {
			if !strings.Contains(copyright, "\n---- "+module+": ") {
				t.Errorf("no licence of %s", module)
			}
		}
	})
	t.Run("the filter that it brings loads", func(t *testing.T) {
		var printed strings.Builder
		if code := luamilter([]string{"check", filepath.Join(root, "etc/luamilter/filter.lua")}, &printed, &printed); code != exitFine {
			t.Errorf("got exit code %d: %s", code, printed.String())
		}
	})
	t.Run("its flags are flags", func(t *testing.T) {
		settings := readFile(t, filepath.Join(root, "etc/default/luamilter"))
		for _, line := range strings.Split(settings, "\n") {
			name, value, ok := strings.Cut(strings.TrimPrefix(line, "#"), "=")
			if ok && strings.HasPrefix(name, "LUAMILTER_") {
				t.Setenv(name, value)
			}
		}
		f := defaultRunFlags()
		if err := f.parse([]string{"--script", "x.lua"}, nil); err != nil {
			t.Error(err)
		}
		if want := "unix:/run/luamilter/admin"; f.admin != want {
			t.Errorf("--admin: got %q, want %q", f.admin, want)
		}
	})
}

func TestVersionOfTheTree(t *testing.T) {
	version := filepath.Join(t.TempDir(), "dist", "version.sh")
	tree := filepath.Dir(filepath.Dir(version))
	if err := os.Mkdir(filepath.Dir(version), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(version, []byte(readFile(t, "../../dist/version.sh")), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(version).CombinedOutput(); err == nil {
		t.Errorf("without history: got %q, want an error", out)
	}
	git := func(args ...string) string {
		return strings.TrimSpace(runTool(t, []string{"GIT_CONFIG_GLOBAL=/dev/null"}, "git", append([]string{
			"-C", tree, "-c", "user.name=a", "-c", "user.email=a@b.example"}, args...)...))
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	for _, c := range []struct {
		name string
		do   func()
		want string
	}{
		{"commits are counted before the first tag", func() {}, "v0.0.0-1-g" + git("rev-parse", "--short=12", "HEAD")},
		{"a tag is the version", func() { git("tag", "v1.2.3") }, "v1.2.3"},
		{"a changed file shows", func() {
			if err := os.WriteFile(version, []byte(readFile(t, version)+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "v1.2.3-dirty"},
	} {
		c.do()
		if got := strings.TrimSpace(runTool(t, nil, version)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// filesBelow gives the names of all files below a folder, relative to it, sorted.
func filesBelow(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(folder, path)
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
