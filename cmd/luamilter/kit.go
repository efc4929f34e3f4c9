package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// write puts the files of the kit into a folder and names those that it has made. If one of them is there with another
// content, or something can't be written, nothing is left behind.
func (k *kit) write(dir string) (written []string, err error) {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(k.files)) {
		there, err := isThere(filepath.Join(dir, filepath.FromSlash(name)), k.files[name])
		if err != nil {
			return nil, err
		}
		if !there {
			missing = append(missing, name)
		}
	}
	var undo []string
	defer func() {
		if err != nil {
			for _, path := range slices.Backward(undo) {
				_ = os.Remove(path) // a folder that others have put something into stays
			}
		}
	}()
	for _, name := range missing {
		path := filepath.Join(dir, filepath.FromSlash(name))
		made, err := makeFolders(filepath.Dir(path))
		undo = append(undo, made...)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		if err := create(path, k.files[name]); err != nil {
			return nil, fmt.Errorf("write: %w", err)
		}
		undo = append(undo, path)
	}
	return missing, nil
}

// isThere says whether a file has the content already; another content is an error.
func isThere(path, content string) (bool, error) {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("write: %w", err)
	}
	old, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(old, []byte(content)) {
		return false, fmt.Errorf("%s is there already; nothing was written (--dir DIR writes to another folder)", path)
	}
	return true, nil
}

// makeFolders makes a folder and those above it, and names the new ones.
func makeFolders(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if made, err = makeFolders(filepath.Dir(dir)); err != nil {
		return made, err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return made, err
	}
	return append(made, dir), nil
}

// create writes a file that is not there yet.
func create(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
