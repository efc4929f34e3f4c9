package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"
)

// file is what goes into an archive.
type file struct {
	name, content string
}

// zipOf makes an honest zip file.
func zipOf(t testing.TB, method uint16, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		if err == nil {
			_, err = io.WriteString(m, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))})
		if err == nil {
			_, err = io.WriteString(w, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipOf(t testing.TB, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// bzip2OfTar is a tar file with in.exe, written by bzip2.
func bzip2OfTar(t testing.TB) string {
	t.Helper()
	const text = `QlpoOTFBWSZTWfHTt3MAAC7bgOmAQAFngAAQYiEeQAgIIABUUAAA0aZBJRqB6hkPUaB9w5NHtyEUtVyur4iJBK1WE0hETRDb5w03LUj2AARIiM6JT8XckU4UJDx07dzA`
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func deflated(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, s)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// entry is a member of a zip file that is put together by hand.
type entry struct {
	name    string // in the local header
	central string // in the directory: "" as in the local header, "-" not there
	extra   string
	flags   uint16
	method  uint16
	data    string // packed
	size    int    // in the directory: 0 is len(data)
	local   int    // in the local header: 0 is len(data)
	after   string // what follows the data
}

func le(values ...any) string {
	var b bytes.Buffer
	for _, v := range values {
		if s, ok := v.(string); ok {
			b.WriteString(s)
			continue
		}
		binary.Write(&b, binary.LittleEndian, v)
	}
	return b.String()
}

func localOf(e entry) string {
	size := len(e.data)
	if e.local != 0 {
		size = e.local
	}
	return le(sigLocal, uint16(20), e.flags, e.method, uint32(0), crc32.ChecksumIEEE([]byte(e.data)), uint32(size), uint32(size),
		uint16(len(e.name)), uint16(len(e.extra)), e.name, e.extra)
}

func centralOf(e entry, offset int) string {
	name, size := e.name, len(e.data)
	if e.central != "" {
		name = e.central
	}
	if e.size != 0 {
		size = e.size
	}
	return le(sigCentral, uint16(20), uint16(20), e.flags, e.method, uint32(0), crc32.ChecksumIEEE([]byte(e.data)), uint32(size), uint32(size),
		uint16(len(name)), uint16(len(e.extra)), uint16(0), uint16(0), uint16(0), uint32(0), uint32(offset), name, e.extra)
}

func endOf(count, size, offset int) string {
	return le(sigEnd, uint16(0), uint16(0), uint16(count), uint16(count), uint32(size), uint32(offset), uint16(0))
}

// rawZip puts a zip file together.
func rawZip(entries ...entry) string {
	body, directory, count := "", "", 0
	for _, e := range entries {
		if e.central != "-" {
			directory += centralOf(e, len(body))
			count++
		}
		body += localOf(e) + e.data + e.after
	}
	return body + directory + endOf(count, len(directory), len(body))
}
