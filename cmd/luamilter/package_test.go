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

// debianPackage is a built package, and the folder that it was taken apart into.
type debianPackage struct{ file, root string }

func (p debianPackage) read(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, filepath.Join(p.root, name))
}

// TestPackages builds archive and Debian package in two ways that must not differ, and looks into the package.
func TestPackages(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("dpkg-deb is not installed: this is no Debian")
	}
	out := t.TempDir()
	sums := runDist(t, out, "reproducible.sh", "amd64")
	p := debianPackage{filepath.Join(out, "luamilter_1.2.3~rc1-1_amd64.deb"), filepath.Join(out, "root")}
	for _, name := range []string{"luamilter-1.2.3-rc1-linux-amd64.tar.gz", filepath.Base(p.file), "SHA256SUMS"} {
		if !strings.Contains(sums, "  "+name+"\n") {
			t.Errorf("no sum of %s: %s", name, sums)
		}
	}
	runTool(t, nil, "dpkg-deb", "--raw-extract", p.file, p.root)
	t.Run("files belong to root, and only programs can be run", p.testModes)
	t.Run("a version is called as Debian sorts it", p.testVersion)
	t.Run("what may be changed after installing is a conffile", p.testConffiles)
	t.Run("each file has its sum", p.testSums)
	t.Run("maintainer scripts are shell", p.testMaintainerScripts)
	t.Run("the unit runs the program of the package as its user", p.testUnit)
	t.Run("each library comes with its licence", p.testLicences)
	t.Run("the filter that it brings loads", p.testFilter)
	t.Run("the flags that it sets are flags", p.testFlags)
}

func (p debianPackage) testModes(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(runTool(t, nil, "dpkg-deb", "--contents", p.file)), "\n") {
		fields := strings.Fields(line)
		mode, owner, name := fields[0], fields[1], fields[5]
		want := "-rw-r--r--"
		switch {
		case strings.HasSuffix(name, "/"):
			want = "drwxr-xr-x"
		case strings.HasPrefix(name, "./usr/bin/"):
			want = "-rwxr-xr-x"
		}
		if mode != want || owner != "root/root" {
			t.Errorf("got %s %s for %s, want %s root/root", mode, owner, name, want)
		}
	}
}

func (p debianPackage) testVersion(t *testing.T) {
	if got, want := runTool(t, nil, "dpkg-deb", "--field", p.file, "Version"), "1.2.3~rc1-1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func (p debianPackage) testConffiles(t *testing.T) {
	var want []string
	for _, file := range filesBelow(t, filepath.Join(p.root, "etc")) {
		want = append(want, "/etc/"+file)
	}
	if got := strings.Fields(p.read(t, "DEBIAN/conffiles")); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func (p debianPackage) testSums(t *testing.T) {
	cmd := exec.Command("md5sum", "--check", "--quiet", "DEBIAN/md5sums")
	cmd.Dir = p.root
	if problems, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, problems)
	}
	sums := strings.Count(p.read(t, "DEBIAN/md5sums"), "\n")
	files := len(filesBelow(t, filepath.Join(p.root, "etc"))) + len(filesBelow(t, filepath.Join(p.root, "usr")))
	if sums != files {
		t.Errorf("got %d sums of %d files", sums, files)
	}
}

func (p debianPackage) testMaintainerScripts(t *testing.T) {
	for _, name := range []string{"postinst", "prerm", "postrm"} {
		runTool(t, nil, "sh", "-n", filepath.Join(p.root, "DEBIAN", name))
	}
}

func (p debianPackage) testUnit(t *testing.T) {
	unit := p.read(t, "usr/lib/systemd/system/luamilter.service")
	for _, want := range []string{"\nExecStart=/usr/bin/luamilter ", "\nExecReload=/usr/bin/luamilter ", "\nDynamicUser=no\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("no %q in %s", want, unit)
		}
	}
	if strings.Contains(unit, "/usr/local") {
		t.Errorf("something in /usr/local: %s", unit)
	}
}

func (p debianPackage) testLicences(t *testing.T) {
	copyright := p.read(t, "usr/share/doc/luamilter/copyright")
	for _, module := range []string{"Go", "github.com/yuin/gopher-lua", "github.com/spf13/pflag", "golang.org/x/net"} {
		if !strings.Contains(copyright, "\n---- "+module+": ") {
			t.Errorf("no licence of %s", module)
		}
	}
}

func (p debianPackage) testFilter(t *testing.T) {
	var printed strings.Builder
	if code := luamilter([]string{"check", filepath.Join(p.root, "etc/luamilter/filter.lua")}, &printed, &printed); code != exitFine {
		t.Errorf("got exit code %d: %s", code, printed.String())
	}
}

// testFlags takes all lines, also those that are commented out.
func (p debianPackage) testFlags(t *testing.T) {
	for _, line := range strings.Split(p.read(t, "etc/default/luamilter"), "\n") {
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "#"), "=")
		if !ok || !strings.HasPrefix(name, "LUAMILTER_") || strings.Contains(name, "<") {
			continue
		}
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "LUAMILTER_"), "_", "-"))
		if err := defaultRunFlags().parse([]string{"--script=x.lua", "--" + flag + "=" + value}, nil); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
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
