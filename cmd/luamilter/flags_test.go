package main

import (
	"errors"
	"slices"
	"testing"
)

func TestFromEnvironment(t *testing.T) {
	for _, c := range []struct {
		name        string
		args        []string
		environment map[string]string
		script      []string
		onError     string
		wrong       bool
	}{
		{"nothing set leaves the defaults", nil, nil, nil, "tempfail", false},
		{"a dash is an underscore", nil, map[string]string{"LUAMILTER_ON_ERROR": "accept"}, nil, "accept", false},
		{"a list is separated by commas", nil, map[string]string{"LUAMILTER_SCRIPT": "a.lua, b.lua,"}, []string{"a.lua", "b.lua"}, "tempfail", false},
		{"a comma on the command line is part of the name", []string{"--script", "a,b.lua"}, nil, []string{"a,b.lua"}, "tempfail", false},
		{"the command line wins", []string{"--on-error=reject", "--script=c.lua"},
			map[string]string{"LUAMILTER_ON_ERROR": "accept", "LUAMILTER_SCRIPT": "a.lua"}, []string{"c.lua"}, "reject", false},
		{"an empty variable counts as not set", nil, map[string]string{"LUAMILTER_ON_ERROR": ""}, nil, "tempfail", false},
		{"variables that are no flag are left alone", nil, map[string]string{"LUAMILTER_PORT": "tcp://10.0.0.1:7357"}, nil, "tempfail", false},
		{"a wrong value is wrong usage", nil, map[string]string{"LUAMILTER_ON_ERROR": "panic"}, nil, "tempfail", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, fs := defaultHostFlags(), newFlags("test")
			f.registerScripts(fs)
			f.registerRunning(fs)
			if err := fs.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			err := fromEnvironment(fs, func(name string) (string, bool) {
				value, ok := c.environment[name]
				return value, ok
			})
			var usage usageError
			if got := errors.As(err, &usage); got != c.wrong || (err != nil) != c.wrong {
				t.Errorf("error: got %v, want one of usage: %v", err, c.wrong)
			}
			if !slices.Equal(f.scripts, c.script) || f.onError.value != c.onError {
				t.Errorf("got %q and %s, want %q and %s", f.scripts, f.onError.value, c.script, c.onError)
			}
		})
	}
}

func TestWatchAndNoWatch(t *testing.T) {
	for _, c := range []struct {
		name        string
		args        []string
		environment map[string]string
		want        bool
	}{
		{"watching is the default", nil, nil, true},
		{"--no-watch", []string{"--no-watch"}, nil, false},
		{"--watch=false", []string{"--watch=false"}, nil, false},
		{"--no-watch=false", []string{"--no-watch=false"}, nil, true},
		{"the last one counts", []string{"--no-watch", "--watch"}, nil, true},
		{"the environment", nil, map[string]string{"LUAMILTER_NO_WATCH": "true"}, false},
		{"--watch wins over the environment", []string{"--watch"}, map[string]string{"LUAMILTER_NO_WATCH": "true"}, true},
		{"--no-watch wins over the environment", []string{"--no-watch"}, map[string]string{"LUAMILTER_WATCH": "true"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs, watch := newFlags("test"), true
			fs.BoolVar(&watch, "watch", watch, "")
			opposite(fs, "watch", "no-watch", &watch, "")
			if err := fs.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			err := fromEnvironment(fs, func(name string) (string, bool) {
				value, ok := c.environment[name]
				return value, ok
			})
			if err != nil || watch != c.want {
				t.Errorf("got %t, %v, want %t", watch, err, c.want)
			}
		})
	}
}
